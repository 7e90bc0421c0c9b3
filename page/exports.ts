/**
 * What a result can be taken away as: JSON, CSV (RFC 4180), files that Anki and Quizlet import, and
 * a lesson as Markdown.
 */
import type { Lesson } from './lesson-view.ts';

/** A pair of texts: the two sides of a card, a word and its meaning, a question and its answer. */
export type Pair = readonly [front: string, back: string];

/** A file to take away. */
export type Export = { ending: string; type: string; text: string };

/** By the names of their buttons, in their order. What returns undefined is not offered for a result. `tags`: of the cards. */
export const EXPORTS: Readonly<Record<string, (result: unknown, tags: readonly string[]) => Export | undefined>> = {
  JSON: (result) => ({ ending: 'json', type: 'application/json', text: JSON.stringify(result, null, 2) }),
  Markdown: (result) => {
    const { lesson } = (result ?? {}) as { lesson?: Lesson };
    return lesson && { ending: 'md', type: 'text/markdown', text: toMarkdown(lesson) };
  },
  CSV: (result) => ofPairs(result, 'csv', 'text/csv', toCsv),
  Anki: (result, tags) => ofPairs(result, 'txt', 'text/plain', (pairs) => toAnki(pairs, tags)),
  Quizlet: (result) => ofPairs(result, 'quizlet.txt', 'text/plain', toQuizlet),
  Text: (result) => {
    const { text, lines } = (result ?? {}) as { text?: string; lines?: unknown };
    return typeof text === 'string' && lines !== undefined ? { ending: 'txt', type: 'text/plain', text } : undefined;
  },
};

function ofPairs(result: unknown, ending: string, type: string, toText: (pairs: readonly Pair[]) => string): Export | undefined {
  const pairs = pairsIn(result);
  return pairs.length === 0 ? undefined : { ending, type, text: toText(pairs) };
}

/** The pairs in a result: cards, vocabulary, exercises. Other results have none. */
export function pairsIn(result: unknown): Pair[] {
  const { flashcards = [], lesson } = (result ?? {}) as { flashcards?: { front: string; back: string }[]; lesson?: Lesson };
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
 * As Anki imports it: columns with tabs between them, said so in the head, with the tags of all
 * notes. Texts are HTML there, so they are escaped. Spaces end a tag, so it has none.
 */
export function toAnki(pairs: readonly Pair[], tags: readonly string[] = []): string {
  const cell = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\t', ' ').replaceAll(/\r?\n/g, '<br>');
  const words = tags.map((tag) => tag.trim().replaceAll(/\s+/g, '_')).filter((tag) => tag !== '');
  const head = ['#separator:tab', '#html:true', ...(words.length > 0 ? [`#tags:${words.join(' ')}`] : [])];
  return [...head, ...pairs.map((pair) => pair.map(cell).join('\t'))].join('\n');
}

/** As Quizlet imports it by default: a tab between term and definition, a card on each line. */
export function toQuizlet(pairs: readonly Pair[]): string {
  return pairs.map((pair) => pair.map((text) => text.replaceAll(/\s+/g, ' ').trim()).join('\t')).join('\n');
}

/** A lesson as Markdown (CommonMark). Signs that Markdown would read stand for themselves. */
export function toMarkdown({ title, objectives = [], sections = [], vocabulary = [], exercises = [] }: Lesson): string {
  const list = (items: readonly string[], mark = '-') => items.map((item) => `${mark} ${plain(item)}`).join('\n');
  const blocks = [
    title && `# ${plain(title)}`,
    list(objectives),
    ...sections.flatMap(({ heading, body, examples = [] }) => [`## ${plain(heading)}`, paragraphs(body), list(examples)]),
    vocabulary.length > 0 && '## Vocabulary',
    vocabulary
      .map(({ term, meaning, example }) => `- **${plain(term)}**: ${plain(meaning)}${example ? ` (${plain(example)})` : ''}`)
      .join('\n'),
    exercises.length > 0 && '## Exercises',
    ...exercises.flatMap(({ question, choices = [], answer, explanation }, n) => [
      `### ${n + 1}. ${plain(question)}`,
      list(choices),
      `Answer: ${plain(answer)}${explanation ? ` (${plain(explanation)})` : ''}`,
    ]),
  ];
  return `${blocks.filter((block) => typeof block === 'string' && block !== '').join('\n\n')}\n`;
}

/** A text on one line, read as it is written. */
function plain(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/[\\`*_[\]<>&]/g, '\\$&')
    .replace(/^([#+-])/, '\\$1')
    .replace(/^(\d+)([.)])/, '$1\\$2');
}

const paragraphs = (text: string): string =>
  text
    .split(/\n\s*\n/)
    .map(plain)
    .join('\n\n');

/** Lets the browser save a text as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
