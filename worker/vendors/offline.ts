/** The offline generator: it makes structured answers out of the given text, without a key and without a model. */
import type { Author } from '../../src/job/snapshot.ts';
import type { AnswerRequest, Capabilities } from '../capabilities.ts';
import { makers } from './offline/makers.ts';
import { createThreads, type Threads } from './offline/threads.ts';
import { defineVendor } from './vendor.ts';

const AUTHOR: Author = { provider: 'offline' };
const FREE = { inputTokens: 0, outputTokens: 0, costUsd: 0 };

/**
 * Makes the capability to write structured answers. It costs nothing and invents nothing. The work runs in threads, so that the
 * process can answer meanwhile, and work that is aborted stops at once.
 */
export function createOffline(threads: Threads = createThreads()): Capabilities['structuredAnswer'] {
  return async ({ kind, input, lists, material, take }: AnswerRequest, report, signal) => {
    const call = await report.startCall(FREE, AUTHOR);
    const wanted = Object.fromEntries(Object.entries(lists).map(([list, { wanted: count }]) => [list, count]));
    for (const { field, value } of await threads.run({ kind, wanted, material: { ...material, ...asPasted(input) } }, signal)) {
      signal.throwIfAborted();
      await report.begun();
      await take(field, value);
    }
    await call.settle(FREE);
    return 'whole';
  };
}

/** The text as it was pasted: its format says more than the plain text that models get. */
const asPasted = (input: unknown): { content?: unknown } => {
  const { content } = input as { content?: unknown };
  return content === undefined ? {} : { content };
};

export const offline = defineVendor({
  name: 'offline',
  keys: [],
  writes: true,
  variables: {},
  offers: () => ({
    structuredAnswer: {
      available: true,
      work: createOffline(),
      author: AUTHOR,
      bills: [],
      kinds: Object.keys(makers),
      needs: Object.fromEntries(Object.entries(makers).map(([kind, { needs = [] }]) => [kind, needs])),
      answers: 'offline',
    },
  }),
});
