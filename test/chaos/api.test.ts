/** API processes die under their followers: each goes on at another, with nothing missing and nothing twice. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { openLedger } from './ledger.ts';
import { startModel } from './model.ts';

test('API processes killed one after the other while 12 jobs are followed', async () => {
  const redis = await startRedis('everysec');
  const model = await startModel(150);
  const stack = await startStack({ REDIS_URL: redis.url, RATE_LIMIT_MAX: '1000', ...model.env });
  const ledger = openLedger(stack);
  await stack.startWorker({ WORKER_CONCURRENCY: '4' });
  for (let n = 0; n < 12; n++) expect(await ledger.submit({ content: 'Notes.', count: 10 })).toBe(202);
  let current = stack.api;
  for (let n = 0; n < 4; n++) {
    const next = await stack.startApi();
    ledger.urls.splice(0, ledger.urls.length, next.url);
    await pause(300); // somewhere in the middle
    await current.stop('SIGKILL');
    current = next;
  }
  await ledger.settle(10);
  expect(ledger.entries.some(({ reconnects }) => reconnects >= 3)).toBe(true);
  expect(model.calls).toHaveLength(12);
});
