/**
 * The marks between which models write their thinking, where their server leaves it in the text of
 * the answer.
 */

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
const LONGEST = Math.max(...MARKS.map(({ close }) => close.length));

/** The mark that a text begins with; `unsure` if the text ends within one. */
export function markAt(text: string): { marks: ThinkingMarks; opens: boolean; length: number } | 'unsure' | undefined {
  const begin = text.slice(0, LONGEST).toLowerCase();
  for (const marks of MARKS) {
    for (const mark of [marks.open, marks.close]) {
      if (begin.startsWith(mark)) return { marks, opens: mark === marks.open, length: mark.length };
    }
  }
  return text.length < LONGEST && MARKS.some(({ open, close }) => open.startsWith(begin) || close.startsWith(begin)) ? 'unsure' : undefined;
}

const closing = (marks: readonly ThinkingMarks[]): RegExp =>
  new RegExp(marks.map(({ close }) => close.replaceAll(/[[\]|]/g, String.raw`\$&`)).join('|'), 'gi');

const ANY_CLOSE = closing(MARKS);

/** Thinking that is read to its closing mark. */
export class ThinkingText {
  readonly #maxKept: number;
  readonly #pattern: RegExp;
  #kept = '';
  /** The last characters, in which a mark may have begun. */
  #tail = '';

  /**
   * `maxKept`: how many characters of it are kept. Without `marks` it was not opened by any, and
   * any closing mark ends it.
   */
  constructor(maxKept: number, marks?: ThinkingMarks) {
    this.#maxKept = maxKept;
    this.#pattern = marks ? closing([marks]) : ANY_CLOSE;
  }

  /** What was thought: all of it, or its end if it was very long. */
  get text(): string {
    return this.#kept;
  }

  /**
   * Takes the next part. Returns what stands behind the closing mark; undefined while that has not
   * come.
   */
  write(text: string): string | undefined {
    const window = this.#tail + text;
    this.#pattern.lastIndex = 0;
    const found = this.#pattern.exec(window);
    if (this.#kept.length > this.#maxKept) this.#kept = '';
    if (!found) {
      this.#kept += text;
      this.#tail = window.slice(-LONGEST);
      return undefined;
    }
    this.#kept = (this.#kept + text).slice(0, Math.max(this.#kept.length - this.#tail.length + found.index, 0));
    return window.slice(found.index + found[0].length);
  }
}
