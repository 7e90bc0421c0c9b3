/** The marks between which models write their thinking, where their server leaves it in the text of the answer. */

/** A pair of marks. */
export type ThinkingMarks = { open: string; close: string };

const NAMES = ['think', 'thinking', 'thought', 'thoughts', 'reasoning', 'reflection', 'scratchpad', 'seed:think'];

const MARKS: readonly ThinkingMarks[] = [
  ...NAMES.map((name) => ({ open: `<${name}>`, close: `</${name}>` })),
  { open: '[think]', close: '[/think]' },
  { open: '◁think▷', close: '◁/think▷' },
  { open: '<|begin_of_thought|>', close: '<|end_of_thought|>' },
];

/** The most characters of a mark. */
export const LONGEST = Math.max(...MARKS.map(({ close }) => close.length));

/** The mark that stands at this place; `unsure` if the text ends within one. */
export function markAt(text: string, at: number): { marks: ThinkingMarks; opens: boolean; length: number } | 'unsure' | undefined {
  const rest = text.slice(at, at + LONGEST).toLowerCase();
  for (const marks of MARKS) {
    for (const mark of [marks.open, marks.close]) {
      if (rest.startsWith(mark)) return { marks, opens: mark === marks.open, length: mark.length };
    }
  }
  const isShort = at + LONGEST > text.length;
  return isShort && MARKS.some(({ open, close }) => open.startsWith(rest) || close.startsWith(rest)) ? 'unsure' : undefined;
}

const closing = (marks: readonly ThinkingMarks[]): RegExp =>
  new RegExp(marks.map(({ close }) => close.replaceAll(/[[\]|]/g, String.raw`\$&`)).join('|'), 'gi');

const ANY_CLOSE = closing(MARKS);

/** Looks for the closing mark of one pair, or of any. What stands before `from` has been looked at already. */
export function findClose(text: string, from: number, marks?: ThinkingMarks): { from: number; to: number } | undefined {
  const pattern = marks ? closing([marks]) : ANY_CLOSE;
  pattern.lastIndex = Math.max(from - LONGEST, 0);
  const found = pattern.exec(text);
  return found ? { from: found.index, to: found.index + found[0].length } : undefined;
}
