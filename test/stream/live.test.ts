/** Tests the event `live`: what a follower had missed comes before it, and what is new after it. */
import { expect, test } from 'vitest';
import { card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { isEnd, type StreamEvent } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const namesOf = (events: readonly StreamEvent[]) => events.map(({ event }) => event).filter((name) => name !== 'progress');

test('a follower is told once when it has all that it had missed, after a reset, too; an end says it by itself', async () => {
  const goOn = latch();
  const openai = await startOpenAI(async (pen) => {
    const { open, cards, close } = pieces([card(1), card(2)]);
    pen.text(open + cards[0]);
    await goOn.wait;
    pen.text(cards[1] + close);
    pen.finish('stop');
  });
  const stack = await startStack(openai.env);
  const job = await stack.submit({ content: 'Notes.', count: 2 });
  const early = await stack.watch(job);
  await early.until(({ event }) => event === 'live');
  expect(namesOf(early.events)).toEqual(['status', 'live']); // it had missed nothing
  await stack.startWorker();
  const first = await early.until(({ event }) => event === 'item');

  const late = await stack.watch(job);
  const resuming = await stack.watch(job, { 'last-event-id': String(first.id) });
  const lost = await stack.watch(job, { 'last-event-id': '99' });
  for (const stream of [late, resuming, lost]) await stream.until(({ event }) => event === 'live');
  expect(namesOf(late.events)).toEqual(['status', 'item', 'live']);
  expect(namesOf(resuming.events)).toEqual(['status', 'live']);
  expect(namesOf(lost.events)).toEqual(['reset', 'status', 'item', 'live']);
  expect(late.events.at(-1)).toMatchObject({ data: { type: 'live', jobId: job['jobId'] } });
  expect(late.events.at(-1)?.id).toBeUndefined(); // it is in no journal

  goOn.open();
  for (const stream of [early, late, resuming, lost]) {
    await stream.until(isEnd);
    expect(namesOf(stream.events).filter((name) => name === 'live')).toEqual(['live']);
    expect(namesOf(stream.events).slice(-2)).toEqual(['item', 'completed']);
  }
  const after = await stack.watch(job);
  await after.until(isEnd);
  expect(namesOf(after.events)).toEqual(['status', 'item', 'item', 'completed']);
});
