/**
 * What the offline generator makes, by kind. Pure; runs in a thread of its own. Only a thread loads
 * the code that makes it.
 */
import { OwnError } from '../../../src/job/own-error.ts';
import { ProblemError } from '../../../src/job/problem.ts';
import type { Flashcard } from '../../../src/kinds/flashcards.ts';
import type { Kind } from '../../../src/kinds/kind.ts';
import type { Piece } from '../../capabilities.ts';
import type { Counts } from './lesson.ts';

/**
 * What is to be made: all of it can be sent to a thread. `wanted`: how many items each list is to
 * have at most. `input`: the kind's. `there`: the items that are there already, by list.
 */
export type Order = {
  kind: string;
  wanted: Record<string, number>;
  input: Record<string, unknown>;
  there: Record<string, readonly unknown[]>;
};

/**
 * The makers of kinds that do not say themselves what is answered for them (`withoutKey.answer`),
 * by kind.
 */
export const makers: Readonly<Record<string, (order: Order) => Promise<Piece[]>>> = {
  'generate-flashcards': makeFlashcards,
  'generate-lesson': makeLesson,
};

/**
 * Makes the pieces of an answer.
 * @throws ProblemError `content_unusable` where the content gives nothing and nothing was made of
 * it before
 */
export async function makePieces(order: Order): Promise<Piece[]> {
  return makers[order.kind]?.(order) ?? toPieces(await answerOfKind(order), order);
}

/** What the kind itself says that is answered. */
async function answerOfKind({ kind: wanted, input }: Order): Promise<Record<string, unknown>> {
  const { kinds } = await import('../../../src/kinds/index.ts');
  const { withoutKey } = kinds.find((kind: Kind) => kind.name === wanted) ?? {};
  if (typeof withoutKey !== 'object' || !withoutKey.answer) throw new OwnError(`there is no offline maker for ${wanted}`);
  return withoutKey.answer(input as never);
}

function toPieces(answer: Record<string, unknown>, { wanted }: Order): Piece[] {
  return Object.entries(answer).flatMap(([field, value]) =>
    field in wanted ? (value as unknown[]).map((item) => ({ field, value: item })) : [{ field, value }],
  );
}

async function makeFlashcards({ input, wanted: { flashcards: count = 0 }, there: { flashcards: made = [] } }: Order): Promise<Piece[]> {
  const { cardsFromText } = await import('./cards.ts');
  const { content } = input as { content: string };
  const alreadyAsked = (made as Flashcard[]).map(({ front }) => front);
  const cards = cardsFromText(content, count, alreadyAsked);
  if (cards.length === 0 && alreadyAsked.length === 0)
    throw new ProblemError(
      'content_unusable',
      'No flashcards can be made from this text without a model: send notes with definitions, facts with figures, or lines such as "Hund: dog".',
    );
  return cards.map((value) => ({ field: 'flashcards', value }));
}

const LISTS = ['objectives', 'sections', 'vocabulary', 'exercises'] as const;

/**
 * The same text gives the same lesson, so that what is there already is found again and left out by
 * whoever takes the pieces.
 */
async function makeLesson({ input, wanted, there }: Order): Promise<Piece[]> {
  const { lessonFromText } = await import('./lesson.ts');
  const { content, topic } = input as { content: string; topic?: string };
  const counts = Object.fromEntries(LISTS.map((list) => [list, (wanted[list] ?? 0) + (there[list]?.length ?? 0)])) as Counts;
  const lesson = lessonFromText(content, counts, topic);
  if (!lesson && Object.values(there).every((items) => items.length === 0))
    throw new ProblemError(
      'content_unusable',
      'No lesson can be made from this text without a model: send notes or a text that explains something, not a chat or a letter.',
    );
  if (!lesson) return [];
  const { title, language, ...lists } = lesson;
  return [
    { field: 'title', value: title },
    ...(language === undefined ? [] : [{ field: 'language', value: language }]),
    ...LISTS.filter((list) => list in wanted).flatMap((list) => lists[list].map((value) => ({ field: list, value }))),
  ];
}
