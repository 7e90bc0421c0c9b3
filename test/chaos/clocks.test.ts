/** One API and one worker whose clocks are a minute wrong, beside others that are right: nothing is lost, erased, cancelled or begun early. */
import { expect, test } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { clockAhead } from '../support/clocks.ts';
import { ownRedis } from '../support/redis.ts';
import { watch } from '../support/sse.ts';
import { startStack } from '../support/stack.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';

const JOBS = 12;
const CARDS = 4;

/** More calls of scripts than this, and a worker asked Redis in a loop while a job was put off. */
const MAX_SCRIPTS = 6000;

test.each([60_000, -60_000])('clocks that are %i ms ahead in one API and one worker', async (aheadMs) => {
  const redis = await ownRedis();
  const begun = new Set<string>();
  const model = await startModel({
    cardMs: 900, // so that a job runs for longer than its lock holds
    fate({ content }) {
      const isFirst = !begun.has(content);
      begun.add(content);
      return isFirst && Number(/\d+/.exec(content)) % 2 === 0 ? 'refused' : 'whole'; // every second job is tried again
    },
  });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...model.env,
    JOB_BACKOFF_MS: '4000',
    JOB_RETENTION_S: '55', // less than the clocks are wrong
    WORKER_CONCURRENCY: '2',
    WORKER_LOCK_DURATION_MS: '3000',
    WORKER_STALLED_INTERVAL_MS: '2000',
    BREAKER_FAILURES: '100',
  });
  const wrong = await stack.startApi(clockAhead(aheadMs));
  const urls = [stack.url, wrong.url] as const;
  const workers = await Promise.all([stack.startWorker(), stack.startWorker(clockAhead(aheadMs))]);
  const timeOfRedis = async () => Number(((await redis.command('TIME')) as [string])[0]) * 1000;
  const begins = await timeOfRedis();

  const follow = async (n: number) => {
    const [at, elsewhere] = n % 4 < 2 ? urls : urls.toReversed();
    const headers = { 'content-type': 'application/json', 'user-id': `user-${n}`, 'cancel-after': '50s', 'start-within': '50s' };
    const body = JSON.stringify({ content: `Notes ${n}.`, count: CARDS });
    const response = await fetch(`${at}/api/ai/generate-flashcards`, { method: 'POST', headers, body });
    expect(response.status).toBe(202);
    const job = (await response.json()) as Record<string, any>;
    const streams = await Promise.all([at, elsewhere].map((url) => watch(`${url}${job['streamUrl']}`)));
    await Promise.all(streams.map(({ ended }) => ended));
    return { job, followed: streams.map(({ events }) => events) };
  };
  const entries = await Promise.all(Array.from({ length: JOBS }, (_, n) => follow(n)));
  const ends = await timeOfRedis();

  for (const url of urls) {
    const accounts = await auditAll(url, entries);
    expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(entries.map(() => ['completed', CARDS]));
  }
  expect(model.calls).toHaveLength(JOBS + JOBS / 2);

  for (const [n, { job, followed }] of entries.entries()) {
    // all moments of a job are Redis', whichever process wrote them
    const seen = (await (await fetch(`${wrong.url}/api/jobs/${job['jobId']}`)).json()) as Record<string, string>;
    const moments = ['createdAt', 'startedAt', 'finishedAt'].map((name) => Date.parse(seen[name] ?? ''));
    expect(moments).toEqual(moments.toSorted((a, b) => a - b));
    expect(moments[0]).toBeGreaterThanOrEqual(begins - 1000);
    expect(moments[2]).toBeLessThanOrEqual(ends + 1000);
    // and none begins before the pause is over that its clients were told of
    const pauses = followed[0]?.flatMap(({ data }) => (data['retryAt'] === undefined ? [] : [Date.parse(data['retryAt'])])) ?? [];
    expect(pauses.length).toBe(n % 2 === 0 ? 1 : 0);
    const lastBegun = Number(await redis.command('HGET', keysUnder(stack.prefix).job(job['jobId']), 'processedOn'));
    for (const retryAt of pauses) expect(lastBegun).toBeGreaterThanOrEqual(retryAt);
  }
  const stats = String(await redis.command('INFO', 'commandstats'));
  expect(Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1])).toBeLessThan(MAX_SCRIPTS);
  await expectUnharmed([...workers, stack.api, wrong]);
});
