/** Budgets: what a day's jobs will cost is reserved when they are admitted, so that a burst does not overrun a budget. */
import { type Job, UnrecoverableError, type Worker } from 'bullmq';
import { expect, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { Admission, type Bounds } from '../../src/jobs/admission.ts';
import { childIdOf } from '../../src/jobs/child-id.ts';
import { createJournals } from '../../worker/run/journal.ts';
import type { Plans } from '../../src/jobs/plans.ts';
import { toReserved } from '../../src/jobs/reservation.ts';
import type { CallEntry } from '../../worker/run/spending.ts';
import { createDice } from '../support/dice.ts';
import { holdDate } from '../support/hold-time.ts';
import { openManualWorker, openQueue, RETENTION_S, submitTo, waiting, storeOver } from '../support/queue.ts';

type Opened = Awaited<ReturnType<typeof openOneDay>>;

/** A queue with these bounds, in whose day the test stays. `today`: a moment of that day. */
async function openOneDay(bounds: Partial<Bounds> = {}, plans?: Plans) {
  const today = holdDate();
  return { today, ...(await openQueue(undefined, bounds, plans)) };
}

const KIND = 'generate-flashcards';
const ANA = tenantOf('ana', undefined);
const ask = { kind: KIND, owner: 'ana', tenant: ANA, requestId: 'r', input: {} };

/** A submission of ana's that is estimated so. */
const of = (tokens: number, usd = 0) => ({ ...ask, reserve: () => toReserved({ tokens, usd }) });

/** A job of ana's, as the test knows it. `used`: what its calls have come to, in tokens, and what that was when it was last admitted. */
type Known = { id: string; estimate: number; used: number; before: number; run?: { job: Job; call?: CallEntry; ofCall: number } };

/** Ana's jobs, with a model of what is spent and reserved for them. */
function createUser({ store, queue }: Opened, worker: Worker) {
  const journals = createJournals(store);
  const open = new Map<string, Known>();
  const failed: Known[] = [];
  let spent = 0;
  let runs = 0;
  const committed = (): number =>
    [...open.values()].reduce((sum, { estimate, used, before }) => sum + Math.max(estimate - (used - before), 0), spent);
  const end = (known: Known): void => {
    open.delete(known.id);
    delete known.run;
  };
  return {
    open,
    failed,
    committed,
    async submit(estimate: number, key?: string): Promise<string> {
      const result = await queue.add({ ...of(estimate), ...(key !== undefined && { key: [key] }) });
      if (result.type === 'added') open.set(result.id, { id: result.id, estimate, used: 0, before: 0 });
      return result.type;
    },
    async begin(): Promise<void> {
      const token = `token ${++runs}`;
      const job = await worker.getNextJob(token, { block: false });
      const known = job && open.get(job.id ?? '');
      if (known) known.run = { job, ofCall: 0 };
    },
    /** Its run uses more, or has a call settled to less. */
    async use(known: Known, tokens: number): Promise<void> {
      const { run } = known;
      if (!run) return;
      const usage = { inputTokens: tokens, outputTokens: 0 };
      const { spending } = journals({ id: known.id, tenant: ANA, token: run.job.token ?? '' });
      if (run.call) await run.call.note(usage);
      else run.call = await spending.open(usage);
      spent += tokens - run.ofCall;
      known.used += tokens - run.ofCall;
      run.ofCall = tokens;
    },
    async complete(known: Known): Promise<void> {
      if (!known.run) return;
      await known.run.job.moveToCompleted(undefined, known.run.job.token ?? '', false);
      end(known);
    },
    async fail(known: Known): Promise<void> {
      if (!known.run) return;
      await known.run.job.moveToFailed(new UnrecoverableError('internal_error: no'), known.run.job.token ?? '', false);
      end(known);
      failed.push(known);
    },
    async cancel(known: Known): Promise<void> {
      await queue.cancel(known.id);
      end(known);
    },
    async erase(known: Known): Promise<void> {
      await queue.erase([known.id]);
      end(known);
    },
    async retry(known: Known): Promise<string> {
      const snapshot = (await queue.read(known.id))?.snapshot;
      const result = await queue.retry({ jobId: known.id, tenant: ANA, bounded: true, reserved: snapshot?.reserved });
      if (result.type === 'retried') {
        failed.splice(failed.indexOf(known), 1);
        open.set(known.id, { ...known, before: known.used });
      }
      return result.type;
    },
  };
}

for (let seed = 1; seed <= 12; seed++) {
  test(`whatever jobs do, one is admitted exactly while spent and reserved are under the budget (seed ${seed})`, async () => {
    const dice = createDice(seed);
    const budget = 500 + dice(1500);
    const opened = await openOneDay({ dailyTokensPerUser: budget, maxJobsPerUser: dice(2) ? 100 : 8 });
    const ana = createUser(opened, await openManualWorker(opened.keyPrefix));
    const estimate = 50 + dice(300);
    const one = () => [...ana.open.values()][dice(Math.max(ana.open.size, 1))];
    let most = 0;
    for (let n = 0; n < 90; n++) {
      const before = ana.committed();
      const expected = before < budget ? ['added', 'too_many'] : ['spent'];
      const known = one();
      const roll = dice(20);
      if (roll < 7) expect([n, expected]).toEqual([n, expect.arrayContaining([await ana.submit(estimate)])]);
      else if (roll < 8) expect(['added', 'known', ...expected]).toContain(await ana.submit(estimate, 'same'));
      else if (roll < 11) await ana.begin();
      else if (known && roll < 15) await ana.use(known, dice(estimate + 1));
      else if (known && roll < 16) await ana.complete(known);
      else if (known && roll < 17) await ana.fail(known);
      else if (known && roll < 18) await ana.cancel(known);
      else if (known && roll < 19) await ana.erase(known);
      else if (ana.failed[0]) {
        const result = await ana.retry(ana.failed[0]);
        expect([n, expected.map((type) => (type === 'added' ? 'retried' : type))]).toEqual([n, expect.arrayContaining([result])]);
      }
      most = Math.max(most, ana.committed());
    }
    expect(most).toBeLessThan(budget + estimate); // so at most one job is over
  });
}

test('a burst of one moment admits as many as the budget has room for, and one more at most', async () => {
  const { queue } = await openOneDay({ dailyTokensPerUser: 1000 });
  const results = await Promise.all(Array.from({ length: 60 }, () => queue.add(of(300))));
  const added = results.flatMap((result) => (result.type === 'added' ? [result.id] : []));
  expect(added).toHaveLength(4); // 900 < 1000, and then 1200
  expect(results.filter(({ type }) => type === 'spent')).toHaveLength(56);
  expect(results.at(-1)).toMatchObject({ what: 'tokens', oldest: expect.toBeOneOf(added) as string });
  expect((await queue.add({ ...of(300), owner: 'bob', tenant: tenantOf('bob', undefined) })).type).toBe('added');
});

test('the first is always admitted, however much it is expected to cost', async () => {
  const { queue } = await openOneDay({ dailyTokensPerUser: 1 });
  expect((await queue.add(of(1e9))).type).toBe('added');
  expect((await queue.add(of(1))).type).toBe('spent');
});

test('money is reserved, too, and each budget counts by itself', async () => {
  const { queue } = await openOneDay({ dailyTokensPerUser: 1000, dailyUsdPerUser: 0.01 });
  for (let n = 0; n < 3; n++) expect((await queue.add(of(10, 0.004))).type).toBe('added');
  expect(await queue.add(of(10, 0.004))).toMatchObject({ type: 'spent', what: 'usd' });
});

test('without a budget nothing is reserved or kept, and nobody asks for an estimate', async () => {
  const { queue, redis, keys, today } = await openOneDay({}, { bounded: { dailyTokens: 100 } });
  const result = await queue.add({ ...ask, reserve: () => expect.unreachable('there is no budget') });
  const id = result.type === 'added' ? result.id : '';
  expect((await queue.read(id))?.snapshot.reserved).toBeUndefined();
  expect(await redis.exists(keys.reserved(ANA, today))).toBe(0);
  expect((await queue.add({ ...of(100), plan: 'bounded' })).type).toBe('added');
  expect((await queue.add({ ...of(100), plan: 'bounded' })).type).toBe('spent');
});

/** What is left of the reservations once a submission had to look: the ids. */
async function reservedFor({ queue, redis, keys, today }: Opened): Promise<string[]> {
  await queue.add(of(0));
  return (await redis.hkeys(keys.reserved(ANA, today))).filter((field) => !field.startsWith('*'));
}

test('a child is reserved with its parent, as long as its parent can still make it, and then for as long as it is open', async () => {
  const opened = await openOneDay({ dailyTokensPerUser: 1000 });
  const { queue, keyPrefix } = opened;
  const next = { kind: KIND, expected: {} };
  const pair = { ...ask, next, reserve: () => toReserved({ tokens: 100, usd: 0 }, { tokens: 900, usd: 0 }) };
  const first = await queue.add(pair);
  const parent = first.type === 'added' ? first.id : '';
  const child = childIdOf(parent, KIND);
  expect((await queue.add(of(1))).type).toBe('spent');
  const worker = await openManualWorker(keyPrefix);
  const job = await worker.getNextJob('token');
  // As a worker adds it: with its own admission, which knows no budget.
  const admission = new Admission(storeOver(waiting(), keyPrefix), {
    retentionS: RETENTION_S,
    bounds: { maxDepth: 100, maxJobsPerUser: 100 },
    lanes: [],
  });
  await admission.admit({ jobId: child, lane: undefined, parent, tenant: ANA, owner: 'ana', bounded: false });
  await job?.moveToCompleted(undefined, 'token', false);
  expect(await reservedFor(opened)).toEqual([child]);
  await queue.add(of(150));
  expect(await reservedFor(opened)).toContain(child);
  expect((await queue.add(of(1))).type).toBe('spent');

  const other = await openOneDay({ dailyTokensPerUser: 1000 });
  const second = await other.queue.add(pair);
  await other.queue.cancel(second.type === 'added' ? second.id : '');
  expect((await other.queue.add(of(1))).type).toBe('added');
  expect(await reservedFor(other)).not.toContain(childIdOf(second.type === 'added' ? second.id : '', KIND));
});

test('a place that was taken and never used holds nothing: withdrawn at once, left by a process that died after a minute', async () => {
  const opened = await openOneDay({ dailyTokensPerUser: 100 });
  const { store, redis, keys, queue, today } = opened;
  const bounds = { maxDepth: 100, maxJobsPerUser: 100, dailyTokensPerUser: 100 };
  const admission = new Admission(store, { retentionS: RETENTION_S, bounds, lanes: [] });
  const request = { jobId: `${KIND}-${'x'.repeat(32)}`, lane: undefined, tenant: ANA, owner: 'ana', reserved: '100 0 0 0' };
  await admission.admit(request);
  expect((await queue.add(of(1))).type).toBe('spent');
  await admission.withdraw(request);
  expect(await redis.hgetall(keys.reserved(ANA, today))).toEqual({ '*tokens': '0', '*billionths': '0' });
  await admission.admit(request); // and its process dies
  expect((await queue.add(of(1))).type).toBe('spent');
  await redis.hset(keys.reserved(ANA, today), request.jobId, `100 0 0 0 ${today - 61_000}`);
  await redis.zadd(keys.coming, today - 61_000, request.jobId);
  expect((await queue.add(of(1))).type).toBe('added');
});

test('of submissions under one key at once only the one that was added has something reserved', async () => {
  const { queue, redis, keys, today } = await openOneDay({ dailyTokensPerUser: 1_000_000 });
  const all = await Promise.all(Array.from({ length: 20 }, () => queue.add({ ...of(300), key: ['k'] })));
  const added = all.flatMap((result) => (result.type === 'added' ? [result.id] : []));
  expect(await redis.hkeys(keys.reserved(ANA, today))).toEqual(expect.arrayContaining([...added, '*tokens', '*billionths']));
  expect(await redis.hget(keys.reserved(ANA, today), '*tokens')).toBe('300');
  expect(await redis.ttl(keys.reserved(ANA, today))).toBeGreaterThan(24 * 3600);
});

test('of submissions under one key at once none is refused for what the others would take', async () => {
  const { queue } = await openOneDay({
    dailyTokensPerUser: 100,
    maxJobsPerUser: 2,
    submitRate: { name: 'submit', max: 2, windowS: 60 },
  });
  const results = await Promise.all(Array.from({ length: 20 }, () => queue.add({ ...of(100), key: ['one'] })));
  expect(results.map(({ type }) => type).toSorted()).toEqual(['added', ...Array.from({ length: 19 }, () => 'known')]);
  expect(new Set(results.map((result) => 'id' in result && result.id)).size).toBe(1);
});

test('jobs of the version before have nothing reserved; reservations that can not be read count as none', async () => {
  const { queue, redis, keys, today } = await openOneDay({ dailyTokensPerUser: 1000 });
  const { id } = await submitTo(queue, 'ana'); // its payload says nothing of a reservation
  expect((await queue.read(id))?.snapshot.reserved).toBeUndefined();
  await queue.add(of(600));
  await redis.hset(keys.reserved(ANA, today), { garbage: 'many', '*tokens': 'all', '*billionths': '-' });
  expect((await queue.add(of(600))).type).toBe('added'); // the sum was lost: it costs one job
  await redis.hset(keys.reserved(ANA, today), '*tokens', 1e12);
  expect((await queue.add(of(600))).type).toBe('spent');
  expect(await redis.hget(keys.reserved(ANA, today), '*tokens')).toBe('1200');
  expect(await redis.hexists(keys.reserved(ANA, today), 'garbage')).toBe(0);
  await redis.del(keys.reserved(ANA, today));
  await redis.set(keys.reserved(ANA, today), 'no hash');
  expect((await queue.add(of(600))).type).toBe('added');
});
