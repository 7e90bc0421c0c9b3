/**
 * Tells commands of LaTeX from JSON's own escapes: a model that writes `\frac` without doubling the
 * backslash has written a form feed and "rac", as JSON reads it. Which of the two is meant is told
 * by the word and by where it stands.
 */

/** The letter of each escape that a command may begin with. */
const LETTERS: Readonly<Record<string, string>> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' };

/**
 * Commands that begin with one of these letters: of LaTeX, amsmath, amssymb, and what KaTeX and
 * MathJax take.
 */
const COMMANDS: ReadonlySet<string> = new Set(
  `backepsilon backprime backsim backsimeq backslash bar barwedge Bbbk bbox bcancel because begin beta beth between bf bfseries big bigcap bigcirc bigcup bigg biggl
  biggm biggr bigl bigm bigodot bigoplus bigotimes bigr bigsqcup bigstar bigtriangledown bigtriangleup biguplus bigvee bigwedge binom blacklozenge blacksquare
  blacktriangle blacktriangledown blacktriangleleft blacktriangleright bm bmatrix bmod bold boldsymbol bot bowtie boxdot boxed boxminus boxplus boxtimes bra
  braket brace brack breve bullet bumpeq by
  fallingdotseq fbox fcolorbox figure flat flushleft footnote footnotesize forall frac frak frown
  nabla natural ncong ne nearrow neg neq newcommand newline newpage nexists ngeq ngeqq ngeqslant ngtr ni nleftarrow nleftrightarrow nleq nleqq nleqslant nless
  nmid nobreak nobreakspace nocite nolimits nolinebreak noindent nonumber normalsize not notag notin notni nparallel nprec npreceq nrightarrow nshortmid
  nshortparallel nsim nsubseteq nsubseteqq nsucc nsucceq nsupseteq nsupseteqq ntriangleleft ntrianglelefteq ntriangleright ntrianglerighteq nu num nVDash nVdash
  nvDash nvdash nwarrow
  raggedright raise raisebox rangle rbrace rbrack rceil real ref relax renewcommand restriction rfloor rgroup rho right rightarrow rightarrowtail
  rightharpoondown rightharpoonup rightleftarrows rightleftharpoons rightrightarrows rightsquigarrow rightthreetimes risingdotseq rm rmoustache rtimes rule rvert
  rVert
  tag tan tanh tau tbinom text textbackslash textbf textcolor textdegree texteuro textgreek textit textmd textmu textnormal textquotedblleft textquotedblright textrm
  textsc textsf textsl textstyle textsubscript textsuperscript texttt textup textwidth tfrac therefore theta thetasym thickapprox thicksim thickspace thinspace
  tilde times tiny to top triangle triangledown triangleleft trianglelefteq triangleq triangleright trianglerighteq tt twoheadleftarrow twoheadrightarrow`.split(
    /\s+/,
  ),
);

/**
 * Commands that are a line break and a word of prose as well ("exists", "less", "mid"), so that
 * outside of math they are that.
 */
const ALSO_WORDS: ReadonlySet<string> = new Set(['nexists', 'nless', 'nmid', 'nparallel', 'nsim']);

/**
 * Outside of math a command has so many letters at least: `\ne`, `\nu`, `\to` and `\ni` are a line
 * break or a tab and a word in many languages.
 */
const MIN_LETTERS = 4;

/**
 * Puts back the backslashes. `marks`: where the text has a control character that was written as a
 * backslash and one letter.
 */
export function restoreCommands(text: string, marks: readonly number[]): string {
  let math: readonly Range[] | undefined;
  let range = 0; // marks ascend, and so do the ranges
  const isInMath = (at: number): boolean => {
    math ??= findMath(text);
    while ((math[range]?.to ?? Infinity) < at) range++;
    return (math[range]?.from ?? Infinity) < at;
  };
  const commands = marks.filter((at) => {
    const name = nameAt(text, at);
    if (!COMMANDS.has(name)) return false;
    const next = text[at + name.length];
    if (next === '{' || next === '_' || next === '^') return true;
    if (text[at] === '\b' || text[at] === '\f') return true; // nobody means a backspace or a form feed
    if (name.length >= MIN_LETTERS && !ALSO_WORDS.has(name)) return true;
    return isInMath(at);
  });
  let restored = '';
  let from = 0;
  for (const at of commands) {
    restored += `${text.slice(from, at)}\\${LETTERS[text[at] as string]}`;
    from = at + 1;
  }
  return restored + text.slice(from);
}

/** The whole word that begins with the letter of an escape. */
function nameAt(text: string, at: number): string {
  const letter = LETTERS[text[at] as string] ?? '';
  let end = at + 1;
  while (end < text.length && /[A-Za-z]/.test(text[end] as string)) end++;
  return letter + text.slice(at + 1, end);
}

type Range = { from: number; to: number };

/** What opens and closes math. `$$` comes before `$`. */
const DELIMITERS = /\\\(|\\\)|\\\[|\\\]|\$\$|\$/g;
const CLOSING: Readonly<Record<string, string>> = { '\\(': '\\)', '\\[': '\\]', $$: '$$', $: '$' };

/**
 * Where math stands in a text. A dollar sign that belongs to a sum of money opens none, and math in
 * a line ends with its paragraph.
 */
function findMath(text: string): Range[] {
  const found = [...text.matchAll(DELIMITERS)].filter(({ index }) => text[index - 1] !== '\\' || text[index] === '\\');
  const ranges: Range[] = [];
  const never = new Set<string>(); // closers that do not come any more
  for (let n = 0; n < found.length; n++) {
    const opener = found[n] as RegExpExecArray;
    const closer = CLOSING[opener[0]];
    if (closer === undefined || never.has(closer)) continue;
    let last = n + 1;
    while (last < found.length && found[last]?.[0] !== closer) last++;
    if (last === found.length) {
      never.add(closer);
      continue;
    }
    const from = opener.index + opener[0].length;
    const to = (found[last] as RegExpExecArray).index;
    if (closer === '$' && (isMoney(text, from, to) || text.slice(from, to).includes('\n\n'))) continue;
    ranges.push({ from: from - 1, to });
    n = last;
  }
  return ranges;
}

/** Whether two dollar signs with this between them are money: `$5 and $10`, `5$ or 10$`. */
function isMoney(text: string, from: number, to: number): boolean {
  const inner = text.slice(from, to);
  const before = text[from - 2] ?? '';
  const behind = text[to + 1] ?? '';
  return (/^\d/.test(inner) && /\s$/.test(inner) && /\d/.test(behind)) || (/\d/.test(before) && /\d$/.test(inner) && !/\d/.test(behind));
}
