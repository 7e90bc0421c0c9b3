/** Bursts against a budget, while workers and an API are killed: nobody overruns it, and nothing that died holds a part of it for good. */
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { keysUnder } from '../../src/store/keys.ts';
import { createDice } from '../support/dice.ts';
import { ownRedis } from '../support/redis.ts';
import { type Process, startStack } from '../support/stack.ts';
import { expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';
import { WAIT_MS } from '../support/waits.ts';
import { awayFromMidnight } from '../support/hold-time.ts';

const BUDGET = 3000;
const CARDS = 5;
/** What a job is estimated at, in tokens: more than the 150 of a call, so that a call that is made again is within it. */
const ESTIMATE = 450;
const USERS = ['ana', 'bob', 'cleo'];
const BURST = 30;
const ROUNDS = 3;

test('three users with bursts at two APIs, under kills: each stays within the budget and one job, and can use all of it', async () => {
  await awayFromMidnight(5 * 60_000);
  const redis = await ownRedis();
  const dice = createDice(10);
  const model = await startModel({ cardMs: 15 });
  const stack = await startStack({
    REDIS_URL: redis.url,
    ...model.env,
    DAILY_TOKENS_PER_USER: String(BUDGET),
    RATE_LIMIT_MAX: '100000',
    WORKER_STALLED_INTERVAL_MS: '1000',
    WORKER_MAX_STALLED_COUNT: '50',
  });
  const keys = keysUnder(stack.prefix);
  const other = await stack.startApi();
  let workers: Process[] = await Promise.all([stack.startWorker(), stack.startWorker()]);
  const submit = async (url: string, user: string): Promise<Record<string, any>> => {
    const response = await fetch(`${url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-id': user },
      body: JSON.stringify({ content: `Notes of ${user}.`, count: CARDS }),
    });
    return (await response.json()) as Record<string, any>;
  };
  const spentBy = async (user: string) => Number(await redis.command('GET', keys.spent(tenantOf(user, undefined), Date.now())));
  const expectWithin = async () => {
    for (const user of USERS) expect(await spentBy(user), user).toBeLessThan(BUDGET + ESTIMATE);
  };
  const isOver = async () => {
    const { counts } = await stack.get('/api/queue/stats');
    return counts && counts['waiting'] + counts['active'] + counts['delayed'];
  };

  for (let round = 0; round < ROUNDS; round++) {
    const urls = round === ROUNDS - 1 ? [stack.url, other.url] : [stack.url]; // the other one dies in the last round
    const burst = Array.from({ length: BURST }, (_, n) =>
      USERS.map((user) => submit(urls[n % urls.length] ?? stack.url, user).catch(() => ({}))),
    ).flat();
    await model.hasWritten(model.written() + dice(2 * CARDS));
    const victim = workers[dice(workers.length)] as Process;
    workers = [...workers.filter((worker) => worker !== victim), await stack.startWorker()];
    await victim.stop('SIGKILL');
    if (urls.length > 1) await other.stop('SIGKILL');
    const answers = (await Promise.all(burst)) as Record<string, any>[];
    expect(new Set(answers.flatMap(({ code }) => code ?? []))).toEqual(new Set(['budget_used_up']));
    await expect.poll(isOver).toBe(0);
    await expectWithin();
  }

  // What is left can be used, one by one, by everybody. A place that a dead process has left is given up only after a minute.
  for (const user of USERS) {
    const used = async (): Promise<boolean> => {
      const { detail } = await submit(stack.url, user);
      await expect.poll(isOver).toBe(0);
      return String(detail).includes('is used up');
    };
    await expect.poll(used, { timeout: 2 * WAIT_MS }).toBe(true);
    expect(await spentBy(user)).toBeGreaterThanOrEqual(BUDGET);
  }
  await expectWithin();
  await expectUnharmed([...workers, stack.api]);
});
