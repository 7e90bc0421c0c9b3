/**
 * Compares what was spoken with what was to be spoken, as far as a transcript tells: by the
 * letters, without signs and spaces.
 */

/**
 * What has no letters of its own when it is spoken: numbers, signs such as % and &, what joins an
 * address, and abbreviations.
 */
const SPOKEN_FREELY =
  /[\p{L}\p{N}]*\p{N}[\p{L}\p{N}]*|\p{S}|[%&#@/*§‰°]|(?<=[\p{L}\p{N}])[.:_](?=[\p{L}\p{N}])|(?<!\p{L})(?:[\p{Lu}\p{Ll}]|\p{Lu}\p{L}{1,2})\.(?=\s+[\p{Lu}\p{N}])|(?<!\p{L})[\p{Lu}\p{Ll}]\.(?=\s*\p{L})/gu;

/**
 * How many letters a number or a sign may have in speech: so many, and so many more for each of its
 * characters.
 */
const FREE_LETTERS = { least: 16, each: 12 };

/** A mark for such a place. No text has it after its letters were taken. */
const FREE = '\0';

/** A run of letters, and how many others may stand before it. */
type Run = { letters: string; before: number };

/**
 * Whether a transcript has the words of a text and no others. Either of them may have a number in
 * figures where the other has it in words. Case, signs, spaces and marks on letters make no
 * difference.
 */
export function hasSameWords(text: string, transcript: string): boolean {
  return isFound(runsOf(text), lettersOf(transcript)) || isFound(runsOf(transcript), lettersOf(text));
}

/** Whether the runs follow each other in the letters, from the first to the last. */
function isFound(runs: readonly Run[], letters: string): boolean {
  let ends = new Set([0]); // where the runs so far can have ended
  for (const { letters: run, before } of runs) {
    const next = new Set<number>();
    let tried = 0; // the ends rise, so no place is tried twice
    for (const end of ends) {
      const last = Math.min(end + before, letters.length);
      for (let at = Math.max(end, tried); at <= last; at++) if (letters.startsWith(run, at)) next.add(at + run.length);
      tried = Math.max(tried, last + 1);
    }
    if (next.size === 0) return false;
    ends = next;
  }
  return ends.has(letters.length);
}

function runsOf(text: string): Run[] {
  const frees: number[] = [];
  const marked = text.normalize('NFKC').replaceAll(SPOKEN_FREELY, (found) => {
    frees.push(FREE_LETTERS.least + FREE_LETTERS.each * found.length);
    return FREE;
  });
  return marked.split(FREE).map((part, n) => ({ letters: lettersOf(part), before: n === 0 ? 0 : (frees[n - 1] ?? 0) }));
}

function lettersOf(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}
