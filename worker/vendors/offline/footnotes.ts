/**
 * Text without its footnotes: without the marks in sentences, and without the notes that they point
 * to.
 */

/**
 * The text without footnotes. A mark such as "[1]" or "¹" points to a note only if it stands in a
 * sentence.
 */
export function withoutFootnotes(text: string): string {
  const pointed = new Set<string>();
  for (const [, mark = ''] of text.matchAll(/(?<=[^\s[])\s?(\[\^?[\w-]{1,20}\])(?!\()/g)) pointed.add(mark);
  return text
    .split('\n')
    .filter((line) => !isNote(line, pointed))
    .map((line) => line.replace(pointers, ''))
    .join('\n');
}

/**
 * Superscript figures after a word are no exponents if the word is no unit; a dagger is no letter.
 */
const pointers =
  /\s?\[\^[\w-]{1,20}\]|(?:(?<=\p{L}{5})(?<!met(?:er|re)s?|quadrat)|(?<=[.,;:!?)"”’»]))[¹²³⁰⁴-⁹]{1,3}(?![\p{L}\p{N}])|(?<=\p{L}{3}[.,]?)[†‡]/giu;

function isNote(line: string, pointed: ReadonlySet<string>): boolean {
  const bare = line.trimStart();
  if (/^(?:[¹²³⁰⁴-⁹]{1,3}|[†‡])\s?\S/u.test(bare) || /^\[\^[\w-]{1,20}\]:/.test(bare)) return true;
  const mark = /^\[[\w-]{1,20}\]/.exec(bare)?.[0];
  return mark !== undefined && /\d/.test(mark) && pointed.has(mark);
}
