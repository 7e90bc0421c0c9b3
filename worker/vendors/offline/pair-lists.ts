/** Pairs that stand together: several on a line, or as the entries of a word list. */
import type { Language } from './languages/language.ts';
import type { Line } from './lines.ts';
import { isTerm, type Pair, pairIn, pairMark, pairPattern } from './pairs.ts';
import { words } from './text.ts';

/** Between pairs that stand on one line, the surest first. */
const partings = [';', /\s[|•·]\s/, /\s{3,}|\t/, ', ', ' / '] as const;

/** The pairs of a line that has several: "Hund: dog; Katze: cat". Undefined if it has not. */
export function pairListOf(text: string, language: Language | undefined): Pair[] | undefined {
  if (/[{}[\]`\\"]|\w\(|'[^']{1,60}':/.test(text)) return undefined; // of a program
  if (/^\p{L}+([=:])\p{L}+(?: \p{L}+\1\p{L}+)+$/u.test(text)) {
    return text.split(' ').flatMap((part) => pairIn(part.replace(/[=:]/, ': '), language) ?? []);
  }
  for (const parting of partings) {
    const parts = text.split(parting).filter((part) => part.trim() !== '');
    if (parts.length < 2) continue;
    const pairs = parts.map((part) =>
      sides(part) === 2 ? pairIn(part.trim(), language, { listed: /^\s*\p{Ll}[^:：]+$/u.test(part) }) : undefined,
    );
    if (pairs.every((pair) => pair !== undefined)) return pairs;
  }
  return undefined;
}

const sides = (text: string): number => text.split(pairMark).length;

/** A word list has so many entries at least. */
const MIN_LISTED = 3;

/**
 * The entries of a word list: neighbours that pair a few words by the same mark. What would
 * announce something elsewhere is a word there.
 */
export function listedPairs(lines: readonly Line[]): ReadonlySet<Line> {
  const listed = new Set<Line>();
  let run: { line: Line; mark: string; term: string }[] = [];
  const close = (): void => {
    // "teacher: Anna" over "room: blue" says where and when; with dashes, and in small letters, it
    // is what the words mean.
    const telling = run.filter(({ term, mark }) => isTerm(term) || (!/[:：]/.test(mark) && /^\p{Ll}/u.test(term))).length;
    if (run.length >= MIN_LISTED && telling * 2 >= run.length) for (const { line } of run) listed.add(line);
    run = [];
  };
  for (const line of lines) {
    const [, left = '', mark = '', right = ''] = line.text.length <= 80 && !line.spoken ? (pairPattern.exec(line.text) ?? []) : [];
    const isShort = left !== '' && /^[^\d.!?;:]+$/.test(left + right) && words(left).length <= 3 && words(right).length <= 4;
    if (!isShort || (run[0] && run[0].mark.trim() !== mark.trim())) close();
    if (isShort) run.push({ line, mark, term: left.trim() });
  }
  close();
  return listed;
}
