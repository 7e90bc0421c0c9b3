/** What the offline generator can make, by kind. Pure; runs in a thread of its own. */
import { ProblemError } from '../../../src/job/problem.ts';
import type { ListRequest } from '../../capabilities.ts';
import { cardsFromText } from './cards.ts';

/** The part of a request that a maker needs: all of it can be sent to a thread. */
export type Order = Pick<ListRequest, 'kind' | 'count' | 'material'>;

/**
 * The makers. Each returns at most `count` items.
 * @throws ProblemError `content_unusable` where the content gives nothing and nothing was made of it before
 */
export const makers: Record<ListRequest['kind'], (order: Order) => unknown[]> = {
  'generate-flashcards': ({ material, count }) => {
    const { content, alreadyAsked } = material as { content: string; alreadyAsked: string[] };
    const cards = cardsFromText(content, count, alreadyAsked);
    if (cards.length === 0 && alreadyAsked.length === 0)
      throw new ProblemError(
        'content_unusable',
        'No flashcards can be made from this text without a model: send notes with definitions, facts with figures, or lines such as "Hund: dog".',
      );
    return cards;
  },
};
