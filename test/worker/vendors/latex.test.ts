/** Commands of LaTeX in answers whose backslashes were not doubled: told from JSON's own escapes by the word and by where it stands. `VARIANTS=20000` tries thousands. */
import { expect, test } from 'vitest';
import { parseModelJson } from '../../../worker/vendors/answer-json.ts';
import { createDice } from '../../support/dice.ts';
import { variants } from '../../support/variants.ts';

/** Reads a text as a model writes it between the quotes. */
const read = (written: string): unknown => parseModelJson(`{"text":"${written}"}`);

/** `String.raw` keeps backslashes as the model wrote them. */
const raw = String.raw;

const cases: [what: string, written: string, text: string][] = [
  ['a fraction', raw`$\frac{1}{2}$`, raw`$\frac{1}{2}$`],
  ['a product', raw`$3 \times 4$`, raw`$3 \times 4$`],
  ['Greek letters between dollars', raw`$\beta, \rho, \nu$`, raw`$\beta, \rho, \nu$`],
  ['a quantifier in prose', raw`so \forall x`, raw`so \forall x`],
  ['an escape that JSON does not have', raw`\pi r^2 and \(x\)`, raw`\pi r^2 and \(x\)`],
  ['a unicode escape that is none', raw`\upsilon and \underline{x}`, raw`\upsilon and \underline{x}`],
  ['a unicode escape', raw`\u00e9`, 'é'],
  ['doubled backslashes', raw`$\\frac{1}{2}$, \\(\\nu\\)`, raw`$\frac{1}{2}$, \(\nu\)`],
  ['math in brackets', raw`\[ a \ne b \] and \(\tau\)`, raw`\[ a \ne b \] and \(\tau\)`],
  ['math in doubled brackets', raw`\\( a \ne b \\)`, raw`\( a \ne b \)`],
  ['math in two dollars', raw`$$ \rho \to \nu $$`, raw`$$ \rho \to \nu $$`],
  ['short commands before a brace or an index', raw`\nu_1, \tau^2, \rm{d}`, raw`\nu_1, \tau^2, \rm{d}`],
  ['a line break in prose', raw`Lima.\nEs la capital`, 'Lima.\nEs la capital'],
  ['a line break before a word that is a command with it', raw`Eins\ne due\nu otros\nich`, 'Eins\ne due\nu otros\nich'],
  ['a tab before a word that is a command with it', raw`a\to b\tan c\top`, 'a\to b\tan c\top'],
  ['a line break before "exists"', raw`God\nexists`, 'God\nexists'],
  ['a line break before "less", "mid" and "parallel"', raw`more\nless\nmid\nparallel`, 'more\nless\nmid\nparallel'],
  ['a command as the beginning of a longer word', raw`a\nuevo $b$ \thetas`, 'a\nuevo $b$ \thetas'],
  ['money', raw`$5\nu otros $10`, '$5\nu otros $10'],
  ['money behind its number', raw`5$\ni 10$`, '5$\ni 10$'],
  ['a dollar sign alone', raw`costs $5\nu más`, '$5\nu más'.replace('$5', 'costs $5')],
  ['math in another paragraph', raw`a $ b\n\ne $ c`, 'a $ b\n\ne $ c'],
  ['a line break inside of math', raw`$$\nx = 1\n$$`, '$$\nx = 1\n$$'],
  ['a quote and a slash', raw`\"a\" \/ b`, '"a" / b'],
  ['a text that ends with a command', raw`10 \times`, raw`10 \times`],
  ['a matrix', raw`\begin{bmatrix} 1 \\\\ 2 \end{bmatrix}`, raw`\begin{bmatrix} 1 \\ 2 \end{bmatrix}`],
];

test.each(cases)('%s', (_, written, text) => {
  expect(read(written)).toEqual({ text });
});

const SHORT = [
  'nu',
  'ne',
  'ni',
  'to',
  'rho',
  'tau',
  'neg',
  'not',
  'bar',
  'beta',
  'frac',
  'times',
  'theta',
  'right',
  'nabla',
  'text',
  'forall',
  'binom',
];
const LONG = [
  'times',
  'theta',
  'forall',
  'nabla',
  'notin',
  'textbf',
  'therefore',
  'rangle',
  'beta',
  'frac',
  'binom',
  'rightarrow',
  'newline',
];
const WORDS = ['e', 'u', 'i', 'o', 'ich', 'und', 'Lima', 'the', 'otros', 'exists', 'less', 'im', 'an', 'op', 'Beta', 'xy', '7', '-', 'à'];

test('texts with line breaks, tabs and commands side by side: each is what its author meant', () => {
  const dice = createDice(variants.seed);
  const pick = <T>(from: readonly T[]): T => from[dice(from.length)] as T;
  const double = (text: string): string => (dice(3) === 0 ? text.replaceAll('\\', '\\\\') : text);
  for (let run = 0; run < variants.count; run++) {
    let [written, meant] = ['', ''];
    for (let part = 0; part <= dice(6); part++) {
      const command = `\\${pick(SHORT)}`;
      const [open, close] = pick([
        ['$', '$'],
        ['$$', '$$'],
        ['\\(', '\\)'],
        ['\\[', '\\]'],
      ] as const);
      const make = [
        () => [`.\\n${pick(WORDS)} `, '\n'] as const,
        () => [`:\\t${pick(WORDS)} `, '\t'] as const,
        () => [double(`${open}x ${command} y${close} `), undefined] as const,
        () => [double(`${command}${pick(['{x}', '_1', '^2'])} `), undefined] as const,
        () => [double(`\\${pick(LONG)} `), undefined] as const,
      ][dice(5)] as () => readonly [string, string | undefined];
      const [text, escape] = make();
      written += text;
      meant += escape === undefined ? text.replaceAll('\\\\', '\\') : text.replace(/\\[nt]/, escape);
    }
    expect([run, read(written)]).toEqual([run, { text: meant }]);
  }
});
