/** What the offline generator can make, by kind. Pure; runs in a thread of its own. Only a thread loads the code that makes it. */
import { ProblemError } from '../../../src/job/problem.ts';
import type { Counts } from './lesson.ts';

/** What is to be made: all of it can be sent to a thread. `wanted`: how many items each list is to have at most. */
export type Order = { kind: string; wanted: Record<string, number>; material: Record<string, unknown> };

/** A piece of an answer: an item of a list, or another field's value. */
export type Piece = { field: string; value: unknown };

/** Makes what one kind asks for. */
export type Maker = {
  /** The fields that an input must have. */
  needs?: readonly string[];
  /**
   * Makes the pieces.
   * @throws ProblemError `content_unusable` where the content gives nothing and nothing was made of it before
   */
  make(order: Order): Promise<Piece[]>;
};

/** The makers, by kind. */
export const makers: Record<string, Maker> = {
  'generate-flashcards': { make: makeFlashcards },
  'generate-lesson': { needs: ['content'], make: makeLesson },
};

async function makeFlashcards({ material, wanted: { flashcards: count = 0 } }: Order): Promise<Piece[]> {
  const { cardsFromText } = await import('./cards.ts');
  const { content, alreadyAsked } = material as { content: string; alreadyAsked: string[] };
  const cards = cardsFromText(content, count, alreadyAsked);
  if (cards.length === 0 && alreadyAsked.length === 0)
    throw new ProblemError(
      'content_unusable',
      'No flashcards can be made from this text without a model: send notes with definitions, facts with figures, or lines such as "Hund: dog".',
    );
  return cards.map((value) => ({ field: 'flashcards', value }));
}

const LISTS = ['objectives', 'sections', 'vocabulary', 'exercises'] as const;

/** The same text gives the same lesson, so that what is there already is found again and left out by whoever takes the pieces. */
async function makeLesson({ material, wanted }: Order): Promise<Piece[]> {
  const { lessonFromText } = await import('./lesson.ts');
  const { content, topic, there = {} } = material as { content: string; topic?: string; there?: Record<string, unknown[]> };
  const counts = Object.fromEntries(LISTS.map((list) => [list, (wanted[list] ?? 0) + (there[list]?.length ?? 0)])) as Counts;
  const lesson = lessonFromText(content, counts, topic);
  if (!lesson && Object.keys(there).length === 0)
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
