/** Phones in tunnels: 40 followers, cut dozens of times, on two API processes in turn; real ones, so that writing does not wait for following. */
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { createJournals } from '../../worker/run/journal.ts';
import { createDice } from '../support/dice.ts';
import { openManualWorker, waiting, storeOver } from '../support/queue.ts';
import { isEnd, lasting, watch } from '../support/sse.ts';
import { startStack } from '../support/stack.ts';
import { pass } from '../support/waits.ts';

const ROWS = 200;
const FOLLOWERS = 40;

test('every lasting event reaches each of them exactly once, in order; past the end 204', async () => {
  const stack = await startStack();
  const other = await stack.startApi();
  const worker = await openManualWorker(stack.prefix, 'generate-flashcards');
  const submitted = await stack.submit();
  const job = await worker.getNextJob('token');
  const journal = createJournals(storeOver(waiting(), stack.prefix))({
    id: submitted['jobId'],
    tenant: tenantOf(undefined, undefined),
    token: 'token',
  });
  const dice = createDice(42);

  const follow = async (n: number) => {
    const ids: number[] = [];
    for (let cuts = 0; ; cuts++) {
      const { url } = (n + cuts) % 2 ? stack.api : other;
      const stream = await watch(url + submitted['streamUrl'], ids.length > 0 ? { 'last-event-id': String(ids.at(-1)) } : {});
      const enough = (ids.at(-1) ?? 0) + 1 + dice(8);
      await stream.until((event) => isEnd(event) || Number(event.id) >= enough);
      stream.leave();
      await stream.ended;
      ids.push(...lasting(stream.events).map(({ id }) => Number(id)));
      if (stream.events.some(isEnd)) return { ids, cuts };
    }
  };
  const following = Array.from({ length: FOLLOWERS }, (_, n) => follow(n));
  for (let n = 0; n < ROWS; n++) {
    const percent = Math.floor((100 * n) / ROWS);
    await journal.append({ type: 'progress', attempt: 1, percent, stage: 'x' }, { percent, stage: 'x', items: 0 });
    await pass(dice(20)); // some come live, some from the journal
  }
  await job?.moveToCompleted(undefined, 'token', false);
  for (const { ids, cuts } of await Promise.all(following)) {
    expect(ids).toEqual(Array.from({ length: ROWS + 1 }, (_, n) => n + 1));
    expect(cuts).toBeGreaterThan(24);
  }
  for (const { url } of [stack.api, other]) {
    expect((await fetch(url + submitted['streamUrl'], { headers: { 'last-event-id': String(ROWS + 1) } })).status).toBe(204);
    await expect.poll(async () => ((await (await fetch(`${url}/health`)).json()) as { followers: number }).followers).toBe(0);
  }
});
