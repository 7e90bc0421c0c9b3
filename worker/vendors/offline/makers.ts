/** What the offline generator can make, by kind. Pure; runs in a thread of its own. Only a thread loads the code that makes it. */
import { ProblemError } from '../../../src/job/problem.ts';

/** What is to be made: all of it can be sent to a thread. `wanted`: how many items each list is to have at most. */
export type Order = { kind: string; wanted: Record<string, number>; material: Record<string, unknown> };

/** A piece of an answer: an item of a list, or another field's value. */
export type Piece = { field: string; value: unknown };

/**
 * The makers, by kind.
 * @throws ProblemError `content_unusable` where the content gives nothing and nothing was made of it before
 */
export const makers: Record<string, (order: Order) => Promise<Piece[]>> = {
  'generate-flashcards': async ({ material, wanted: { flashcards: count = 0 } }) => {
    const { cardsFromText } = await import('./cards.ts');
    const { content, alreadyAsked } = material as { content: string; alreadyAsked: string[] };
    const cards = cardsFromText(content, count, alreadyAsked);
    if (cards.length === 0 && alreadyAsked.length === 0)
      throw new ProblemError(
        'content_unusable',
        'No flashcards can be made from this text without a model: send notes with definitions, facts with figures, or lines such as "Hund: dog".',
      );
    return cards.map((value) => ({ field: 'flashcards', value }));
  },
};
