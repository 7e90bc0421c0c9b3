/** The offline generator: for machines without a key, from the given text alone. */
import { ProblemError } from '../../src/jobs/problem.ts';
import { cardsFromText } from './offline/cards.ts';
import type { ListRequest, Provider } from './provider.ts';

/** What it can make, by kind. */
const makers: Record<ListRequest['kind'], (request: ListRequest) => unknown[]> = {
  'generate-flashcards': ({ material, count }) => {
    const { content, alreadyAsked } = material as { content: string; alreadyAsked: string[] };
    const cards = cardsFromText(content, count + alreadyAsked.length);
    if (cards.length === 0)
      throw new ProblemError('content_unusable', 'The content has no words to make flashcards from; send notes in words.');
    return cards;
  },
};

/** A provider that computes. It costs nothing, needs nothing and invents nothing. */
export function createOffline(): Provider {
  return {
    name: 'offline',
    async makeList(request, taker, signal) {
      const free = { inputTokens: 0, outputTokens: 0, costUsd: 0 };
      const call = await taker.startCall(free);
      for (const value of makers[request.kind](request)) {
        signal.throwIfAborted();
        await taker.take(value);
      }
      await call.settle(free);
      return 'whole';
    },
  };
}
