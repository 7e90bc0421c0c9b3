/** What a result can be taken away as: JSON, CSV (RFC 4180), and a file that Anki imports. */

/** A pair of texts: the two sides of a card, a word and its meaning, a question and its answer. */
export type Pair = readonly [front: string, back: string];

/** The pairs in a result: cards, vocabulary, exercises. Other results have none. */
export function pairsIn(result: unknown): Pair[] {
  const { flashcards = [], lesson } = (result ?? {}) as {
    flashcards?: { front: string; back: string }[];
    lesson?: { vocabulary?: { term: string; meaning: string }[]; exercises?: { question: string; answer: string }[] };
  };
  return [
    ...flashcards.map(({ front, back }): Pair => [front, back]),
    ...(lesson?.vocabulary ?? []).map(({ term, meaning }): Pair => [term, meaning]),
    ...(lesson?.exercises ?? []).map(({ question, answer }): Pair => [question, answer]),
  ];
}

/**
 * As CSV with a head. A text that begins like a formula gets an apostrophe, so that no spreadsheet
 * runs it.
 */
export function toCsv(pairs: readonly Pair[]): string {
  const cell = (text: string) => `"${text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;
  return ['front,back', ...pairs.map((pair) => pair.map(cell).join(','))].join('\r\n');
}

/**
 * As Anki imports it: columns with tabs between them, said so in the head. Texts are HTML there, so
 * they are escaped.
 */
export function toAnki(pairs: readonly Pair[]): string {
  const cell = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\t', ' ').replaceAll(/\r?\n/g, '<br>');
  return ['#separator:tab', '#html:true', ...pairs.map((pair) => pair.map(cell).join('\t'))].join('\n');
}

/** Lets the browser save a text as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
