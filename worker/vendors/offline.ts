/**
 * The offline generator: it makes structured answers out of the given text, without a key and
 * without a model.
 */
import { FREE } from '../../src/job/price.ts';
import type { Author } from '../../src/job/snapshot.ts';
import { kinds } from '../../src/kinds/index.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { type AnswerRequest, type Capabilities, NO_TOKENS } from '../capabilities.ts';
import type { Order } from './offline/makers.ts';
import { createThreads, type RunOrder } from './offline/threads.ts';
import { defineVendor } from './vendor.ts';

const AUTHOR: Author = { provider: 'offline' };

/** The threads of this process: all who write by the offline generator share the free ones. */
const THREADS = createThreads();

/**
 * Makes the capability to write structured answers. It costs nothing and invents nothing. The work
 * runs in threads, so that the process can answer meanwhile, and work that is aborted stops at
 * once.
 */
export function createOffline(run: RunOrder = THREADS): Capabilities['structuredAnswer'] {
  return async ({ kind, input, lists, there, take }: AnswerRequest, report, signal) => {
    const call = await report.startCall(NO_TOKENS, AUTHOR);
    const wanted = Object.fromEntries(Object.entries(lists).map(([list, { wanted: count }]) => [list, count]));
    // The input has the text as it was pasted: its format says more than the plain text that models
    // get.
    const pieces = await run({ kind, wanted, input: input as Order['input'], there }, signal);
    signal.throwIfAborted();
    if (pieces.length > 0) await report.begun();
    // All of them are there, so their rows are written in one step, in their order.
    await Promise.all(pieces.map(({ field, value }) => take(field, value)));
    await call.settle(NO_TOKENS);
    return 'whole';
  };
}

/** What it needs of the input of each kind that it does. */
const needs = Object.fromEntries(
  kinds.flatMap(({ name, withoutKey }: Kind) =>
    withoutKey !== 'nobody' && withoutKey.vendor === AUTHOR.provider ? [[name, withoutKey.needs ?? []]] : [],
  ),
);

export const offline = defineVendor({
  name: 'offline',
  keys: [],
  writes: true,
  prices: { '*': FREE },
  variables: {},
  offers: () => ({
    structuredAnswer: {
      available: true,
      work: createOffline(),
      author: AUTHOR,
      kinds: Object.keys(needs),
      needs,
      answers: 'offline',
    },
  }),
});
