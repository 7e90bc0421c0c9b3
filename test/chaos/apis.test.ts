/** API processes killed under their followers, who go on at the other one. */
import { expect, test } from 'vitest';
import { createDice } from '../support/dice.ts';
import { ownRedis } from '../support/redis.ts';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import { type Process, startStack } from '../support/stack.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';

const JOBS = 10;
const KILLS = 4;

test('every follower gets each lasting event once and in order, however many API processes die under it', async () => {
  const redis = await ownRedis();
  const dice = createDice(30);
  const model = await startModel({ cardMs: 120 });
  const stack = await startStack({ REDIS_URL: redis.url, ...model.env });
  const apis: [Process, Process] = [stack.api, await stack.startApi()];
  const jobs = await Promise.all(Array.from({ length: JOBS }, (_, n) => stack.submit({ content: `Notes ${n}.`, count: 10 })));
  let resumed = 0;

  /** Follows to the end, from one API process to the other whenever the stream breaks. */
  const follow = async (job: Record<string, any>, first: number): Promise<StreamEvent[]> => {
    const events: StreamEvent[] = [];
    for (let turn = first; !events.some(isEnd); turn++) {
      const last = lasting(events).at(-1)?.id;
      const url = (apis[turn % 2] as Process).url + job['streamUrl'];
      const stream = await watch(url, last === undefined ? {} : { 'last-event-id': last }).catch(() => undefined); // nobody is there
      await stream?.ended.catch(() => {});
      events.push(...(stream?.events ?? []));
      if (last !== undefined && stream) resumed++;
    }
    return events;
  };
  const following = jobs.map(async (job) => ({ job, followed: await Promise.all([follow(job, 0), follow(job, 1)]) }));

  const workers = await Promise.all([stack.startWorker(), stack.startWorker()]);
  for (let kill = 0; kill < KILLS; kill++) {
    await model.hasWritten(10 + 15 * kill + dice(10));
    await (apis[kill % 2] as Process).stop('SIGKILL');
    apis[kill % 2] = await stack.startApi();
  }

  const entries = await Promise.all(following);
  const accounts = await auditAll(apis[0].url, entries);
  expect(accounts.map(({ end }) => end.event)).toEqual(jobs.map(() => 'completed'));
  expect(resumed).toBeGreaterThan(KILLS);
  expect(model.calls).toHaveLength(JOBS);
  for (const { url } of apis) {
    for (const [index, { end }] of accounts.entries()) {
      const past = await fetch(url + jobs[index]?.['streamUrl'], { headers: { 'last-event-id': String(end.id) } });
      expect(past.status).toBe(204);
    }
  }
  await expectUnharmed([...workers, ...apis]);
});
