/**
 * Draws items and result of a job by its kind: cards to flip, a lesson, words with scores, text,
 * speech to play.
 */
import { element, type Child } from './dom.ts';
import { toLabel } from './forms.ts';

/** The items of a job so far, by list, and its result, once it has one. */
export type Made = { items: Readonly<Record<string, readonly unknown[]>>; result: unknown };

/** Draws all of it. `drawn`: the nodes of items that were drawn before; they are used again. */
export type Draw = (made: Made, drawn: Map<string, HTMLElement>) => Child[];

type Card = { front: string; back: string };
type Section = { heading: string; body: string; examples?: string[] };
type Word = { term: string; meaning: string; example?: string };
type Exercise = { question: string; choices?: string[]; answer: string; explanation?: string };
type Part = { outputUrl: string; text?: string };
type Lesson = { title: string; objectives: string[]; sections: Section[]; vocabulary: Word[]; exercises: Exercise[] };

/** By the kinds' names. What another kind has made is drawn by {@link drawPlain}. */
export const DRAWINGS: Readonly<Record<string, Draw>> = {
  'generate-flashcards': (made, drawn) => {
    const cards = listOf<Card>(made, 'flashcards', (result) => (result as { flashcards: Card[] }).flashcards);
    return [
      element(
        'ol',
        { class: 'cards', 'aria-label': 'Flashcards' },
        ...cards.map((card, n) => kept(drawn, `card ${n}`, () => drawCard(card))),
      ),
    ];
  },
  'generate-lesson': (made) => drawLesson(made),
  'pronunciation-assess': ({ result }) => (result === undefined ? [] : drawScores(result as Scores)),
  'process-image': ({ result }) => {
    if (result === undefined) return [];
    const { text } = result as { text: string };
    return [element('div', { class: 'prose' }, element('p', {}, text))];
  },
  'generate-audio': (made, drawn) => {
    const parts = listOf<Part>(made, 'parts', (result) => (result as { parts: Part[] }).parts);
    const whole = (made.result as { audio?: Part } | undefined)?.audio;
    return [
      whole && kept(drawn, 'whole', () => drawPlayer('The whole text', whole)),
      ...parts.map((part, n) => kept(drawn, `part ${n}`, () => drawPlayer(part.text ?? `Part ${n + 1}`, part))),
    ];
  },
};

/**
 * Draws what a kind without a drawing of its own has made: the lists as they come, then the result.
 */
export function drawPlain({ items, result }: Made): Child[] {
  const { child: _, ...made } = (result ?? items) as Record<string, unknown>; // the job that it leads to is shown below it
  return Object.keys(made).length === 0 ? [] : [element('div', { class: 'prose' }, drawValue(made))];
}

function drawValue(value: unknown): Node | string {
  if (Array.isArray(value)) return element('ul', {}, ...value.map((one) => element('li', {}, drawValue(one))));
  if (typeof value !== 'object' || value === null) return String(value);
  return element(
    'dl',
    { class: 'pairs' },
    ...Object.entries(value).flatMap(([name, one]) => [element('dt', {}, toLabel(name)), element('dd', {}, drawField(name, one))]),
  );
}

/**
 * A field of a result. Only the server writes addresses of its own files, and they can be opened.
 */
function drawField(name: string, value: unknown): Node | string {
  const isFile = name === 'outputUrl' && typeof value === 'string' && value.startsWith('/api/jobs/');
  return isFile ? element('a', { href: value, download: true }, 'the file') : drawValue(value);
}

/** A list so far: out of the result, which is the authority, else of the items that came. */
function listOf<Item>({ items, result }: Made, name: string, ofResult: (result: unknown) => Item[]): readonly Item[] {
  return result === undefined ? ((items[name] ?? []) as readonly Item[]) : ofResult(result);
}

/** Draws something once. So a card that was flipped stays so, and a player plays on. */
function kept(drawn: Map<string, HTMLElement>, key: string, draw: () => HTMLElement): HTMLElement {
  const known = drawn.get(key);
  if (known) return known;
  const node = draw();
  drawn.set(key, node);
  return node;
}

function drawCard({ front, back }: Card): HTMLElement {
  const side = element('span', {}, front);
  const what = element('small', {}, 'front: press to flip');
  const flip = (): void => {
    const isBack = card.getAttribute('aria-pressed') !== 'true';
    card.setAttribute('aria-pressed', String(isBack));
    side.textContent = isBack ? back : front;
    what.textContent = isBack ? 'back: press to flip' : 'front: press to flip';
  };
  const card = element('button', { type: 'button', class: 'card', 'aria-pressed': 'false', click: flip }, side, what);
  return element('li', { class: 'arrives' }, card);
}

function drawLesson(made: Made): Child[] {
  const lesson = (result: unknown) => (result as { lesson: Lesson }).lesson;
  const objectives = listOf<string>(made, 'objectives', (result) => lesson(result).objectives);
  const sections = listOf<Section>(made, 'sections', (result) => lesson(result).sections);
  const vocabulary = listOf<Word>(made, 'vocabulary', (result) => lesson(result).vocabulary);
  const exercises = listOf<Exercise>(made, 'exercises', (result) => lesson(result).exercises);
  const list = (items: readonly string[]) => element('ul', {}, ...items.map((item) => element('li', {}, item)));
  const title = made.result === undefined ? undefined : lesson(made.result).title;
  const nodes: Child[] = [
    title && element('h3', {}, title),
    objectives.length > 0 && list(objectives),
    ...sections.flatMap(({ heading, body, examples }): Child[] => [
      element('h3', {}, heading),
      element('p', {}, body),
      examples && list(examples),
    ]),
    vocabulary.length > 0 && element('h3', {}, 'Vocabulary'),
    vocabulary.length > 0 &&
      element(
        'dl',
        { class: 'pairs' },
        ...vocabulary.flatMap(({ term, meaning, example }) => [
          element('dt', {}, term),
          element('dd', {}, meaning, example && element('span', { class: 'note' }, ` ${example}`)),
        ]),
      ),
    exercises.length > 0 && element('h3', {}, 'Exercises'),
    ...exercises.map(({ question, choices, answer, explanation }) =>
      element(
        'details',
        {},
        element('summary', {}, question),
        choices && list(choices),
        element('p', {}, answer, explanation && ` (${explanation})`),
      ),
    ),
  ];
  return [element('div', { class: 'prose' }, ...nodes)];
}

type Scores = {
  recognizedText: string;
  scores: Record<string, number>;
  words: { word: string; accuracy: number; error: string }[];
};

/** Words of less accuracy are marked. */
const WEAK = 60;

function drawScores({ recognizedText, scores, words }: Scores): Child[] {
  return [
    element(
      'ul',
      { class: 'scores' },
      ...Object.entries(scores).map(([name, score]) => element('li', {}, element('b', {}, Math.round(score)), name)),
    ),
    element('p', { class: 'note' }, `Heard: ${recognizedText}`),
    element(
      'ul',
      { class: 'words' },
      ...words.map(({ word, accuracy, error }) => {
        const isWeak = accuracy < WEAK || error !== 'none';
        return element(
          'li',
          { class: isWeak ? 'weak' : undefined },
          word,
          ' ',
          element('small', {}, error === 'none' ? Math.round(accuracy) : error),
        );
      }),
    ),
  ];
}

function drawPlayer(text: string, { outputUrl }: Part): HTMLElement {
  const player = element('audio', { controls: true, preload: 'none', 'aria-label': text });
  player.src = outputUrl;
  return element('div', { class: 'arrives' }, element('p', { class: 'note' }, text), player);
}
