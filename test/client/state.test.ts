/** Tests what is known of a job after its events. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initialState, type JobEvent, type JobState, reduce } from '../../client/src/index.ts';
import { card } from '../support/openai.ts';

type Event = JobEvent<'flashcards'>;
const CARDS = Array.from({ length: 5 }, (_, n) => card(n + 1));
const item = (index: number, percent?: number): Event => ({
  type: 'item',
  list: 'flashcards',
  index,
  value: CARDS[index] ?? { front: '', back: '' },
  ...(percent !== undefined && { percent }),
});
const after = (...events: Event[]) => events.reduce<JobState<'flashcards'>>(reduce, initialState());
const PROBLEM = { code: 'provider_unavailable', title: 'Away', detail: 'It is away.', retryable: true };

test('progress grows with stages and with items, ends at 100, and never falls', () => {
  const steps: [Event, number][] = [
    [{ type: 'status', status: 'waiting', position: 2, etaSeconds: 9 }, 0],
    [{ type: 'progress', percent: 5, stage: 'generating' }, 5],
    [item(0, 28), 28],
    [item(1, 50), 50],
    [{ type: 'progress', percent: 5, stage: 'generating' }, 50], // a second attempt
    [item(2), 50],
    [{ type: 'reset' }, 50],
    [item(0, 28), 50],
    [item(1, 73), 73],
    [{ type: 'completed', result: { flashcards: CARDS } }, 100],
  ];
  let state: JobState<'flashcards'> | undefined;
  const percents = steps.map(([event]) => (state = reduce(state, event)).percent);
  expect(percents).toEqual(steps.map(([, percent]) => percent));
});

test('an event that brings nothing new, and one of a later server, leaves the same object', () => {
  const state = after({ type: 'status', status: 'active', attempt: 1 }, item(0, 20), item(1, 40));
  const nothingNew = [
    { type: 'live' },
    { type: 'status', status: 'active', attempt: 1 },
    item(0, 20),
    item(1),
    { type: 'of a later server' },
  ];
  for (const event of nothingNew) expect(reduce(state, event as Event)).toBe(state);
});

test('items that begin at a cursor stand side by side, and say which the first one is', () => {
  const state = after(item(2), item(3), item(3), item(4));
  expect([state.items.flashcards, state.firstIndex.flashcards]).toEqual([CARDS.slice(2), 2]);
});

test('an end keeps the items; a retry after it takes back the error, and says how many items were kept', () => {
  const failed = after({ type: 'status', status: 'active', position: 1, etaSeconds: 3 }, item(0, 20), { type: 'failed', error: PROBLEM });
  expect(failed).toMatchObject({ status: 'failed', error: PROBLEM, position: undefined, etaSeconds: undefined, percent: 20 });
  const again = [
    { type: 'attempt', attempt: 2, itemsKept: 1, code: 'retried' },
    { type: 'status', status: 'waiting', attempt: 2, position: 1 },
  ] satisfies Event[];
  for (const event of again) expect(reduce(failed, event).error).toBeUndefined();
  const retried = again.reduce<JobState<'flashcards'>>(reduce, failed);
  expect(retried).toMatchObject({ status: 'waiting', attempt: 2, position: 1, restart: { code: 'retried', itemsKept: 1 } });
  expect(retried.items.flashcards).toEqual(CARDS.slice(0, 1));
  expect(after(item(0), { type: 'cancelled' })).toMatchObject({ status: 'cancelled', error: { code: 'cancelled' } });
});

test('whatever is repeated, and wherever a reset falls, the items are those of the job, in order', () => {
  const upTo = fc.integer({ min: 0, max: CARDS.length });
  fc.assert(
    fc.property(fc.array(fc.tuple(upTo, fc.boolean()), { maxLength: 6 }), (connections) => {
      let state = initialState<'flashcards'>();
      for (const [count, isReset] of [...connections, [CARDS.length, false] as const]) {
        if (isReset) state = reduce(state, { type: 'reset' });
        for (let index = 0; index < count; index++) {
          const { percent } = state;
          state = reduce(state, item(index, 10 * index));
          expect(state.percent).toBeGreaterThanOrEqual(percent);
        }
      }
      expect(state.items.flashcards).toEqual(CARDS);
    }),
  );
});
