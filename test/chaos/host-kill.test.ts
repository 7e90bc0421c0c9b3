/** Hosts that kill 3 s after they said stop, which no variable names: others go on at once, and each lost call is bought again once. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ownRedis } from '../support/redis.ts';
import { type Process, startStack } from '../support/stack.ts';
import { startClients } from './clients.ts';
import { auditAll, expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';

/** How often a worker is killed: `KILLS=20` by hand. */
const KILLS = Number(process.env['KILLS'] ?? 2);
const HOST_MS = 3000;

test('workers are told to stop and killed 3 s later, again and again: no item is bought twice, no attempt spent, and no loss counted', async () => {
  const redis = await ownRedis();
  const model = await startModel({ cardMs: 500 });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...model.env,
    JOB_ATTEMPTS: '1',
    WORKER_STALLED_INTERVAL_MS: '600000', // a job that is left behind stays behind
    WORKER_MAX_STALLED_COUNT: '0',
    RATE_LIMIT_MAX: '10000',
  });
  const started: Process[] = [];
  const start = async (): Promise<Process> => {
    const worker = await stack.startWorker({ WORKER_CONCURRENCY: '6' });
    started.push(worker);
    return worker;
  };
  let [dying, living] = [await start(), await start()];
  const clients = startClients(stack, 6, 'user', () => 'calm');
  let inHand = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await model.hasWritten(model.written() + 20);
    process.kill(dying.pid, 'SIGTERM');
    await pause(HOST_MS);
    inHand += dying.log().filter(({ msg }) => msg === 'job started').length - dying.log().filter(({ msg }) => msg === 'job done').length;
    await dying.stop('SIGKILL');
    [dying, living] = [living, await start()];
  }
  await model.hasWritten(model.written() + 20);
  const accounts = await auditAll(stack.url, await clients.finish());

  expect(accounts.map(({ end, items }) => [end.event, items.length])).toEqual(accounts.map(() => ['completed', 10]));
  expect(accounts.flatMap(({ rows }) => rows.filter(({ event }) => event === 'attempt'))).toEqual([]);
  expect(inHand).toBeGreaterThan(0);
  expect(model.calls.length - accounts.length).toBeLessThanOrEqual(inHand); // a call that was cut is made again, once
  await expectUnharmed([dying, living, stack.api]);
});
