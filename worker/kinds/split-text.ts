/**
 * Splits a text into parts that a provider can speak: between sentences, and inside of a sentence
 * that is too long.
 */

/** The rule of one split: into sentences, into words, into characters as they are seen. */
const GRANULARITIES = ['sentence', 'word', 'grapheme'] as const;

/**
 * Splits a text into parts of at most `max` characters (UTF-16 code units). The parts follow each
 * other: together they are the text. A single visible character that is longer than `max` stays
 * whole.
 */
export function splitText(text: string, max: number, language: string): string[] {
  return split(text, max, language, 0);
}

function split(text: string, max: number, language: string, depth: number): string[] {
  const granularity = GRANULARITIES[depth];
  if (text.length <= max || granularity === undefined) return [text];
  const parts: string[] = [];
  let part = '';
  for (const { segment } of new Intl.Segmenter(language, { granularity }).segment(text)) {
    if (part.length + segment.length <= max) {
      part += segment;
      continue;
    }
    if (part !== '') parts.push(part);
    const pieces = split(segment, max, language, depth + 1);
    part = pieces.pop() ?? '';
    parts.push(...pieces);
  }
  return part === '' ? parts : [...parts, part];
}
