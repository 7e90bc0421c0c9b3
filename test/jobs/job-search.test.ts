/** Operators find jobs wherever they are, by any part of the filter, page by page: none twice, none left out, within a bound. */
import { UnrecoverableError } from 'bullmq';
import { expect, test } from 'vitest';
import type { JobSearchFilter, JobState, SearchPlace } from '../../src/jobs/job-search.ts';
import { FIELDS } from '../../src/job/record.ts';
import type { JobQueue } from '../../src/jobs/queue.ts';
import type { Lanes } from '../../src/jobs/lanes.ts';
import { searchCursor, toSearchCursor } from '../../src/http/job-filter.ts';
import { countCommands } from '../support/commands.ts';
import { openManualWorker, openQueue, submitTo } from '../support/queue.ts';

const CARDS = 'generate-flashcards';
const AUDIO = 'generate-audio';

const lanes: Lanes = { names: [CARDS, AUDIO], of: (kind) => Promise.resolve(kind === 'process-image' ? undefined : kind) };

const open = () => openQueue(undefined, { maxJobsPerUser: 100_000, maxDepth: 100_000 }, undefined, undefined, lanes);

/** All pages of a search. */
async function searchAll(queue: JobQueue, filter: JobSearchFilter, limit = 2) {
  const found: { id: string; state: JobState }[] = [];
  let from: SearchPlace | undefined;
  do {
    const page = await queue.search(filter, { limit, from });
    if (!page) throw new Error('the place is of another search');
    found.push(...page.jobs.map(({ job, state }) => ({ id: job.id, state })));
    from = page.next && searchCursor.parse(toSearchCursor(page.next)); // as it travels
  } while (from);
  return found;
}

/** Jobs in each state, in lanes and in the queue that all kinds share, of two users and of nobody. */
async function withAll() {
  const opened = await open();
  const { queue, keyPrefix, redis, keys } = opened;
  const ids: Record<JobState, string[]> = { active: [], waiting: [], delayed: [], failed: [], cancelled: [], completed: [] };
  for (const [kind, lane] of [
    [CARDS, CARDS],
    [AUDIO, AUDIO],
    ['process-image', undefined],
  ] as const) {
    const worker = await openManualWorker(keyPrefix, lane);
    for (const user of ['ana', 'bob', undefined]) {
      const end = async (state: JobState) => {
        const { id } = await submitTo(queue, user, {}, kind);
        ids[state].push(id);
        if (state === 'cancelled') return queue.cancel(id);
        const job = await worker.getNextJob('token');
        expect(job?.id).toBe(id);
        if (state === 'completed') return job?.moveToCompleted(undefined, 'token', false);
        if (state === 'delayed') return job?.moveToDelayed(Date.now() + 600_000, 'token');
        if (state === 'failed') {
          await redis.hset(keys.job(id), FIELDS.failedBy, `vendor-of-${user} a-model`);
          return job?.moveToFailed(new UnrecoverableError(user === 'ana' ? 'provider_refused: No.' : 'job_timeout: Late.'), 'token', false);
        }
      };
      for (const state of ['completed', 'failed', 'cancelled', 'delayed', 'active'] as const) await end(state);
    }
    for (const user of ['ana', 'bob', undefined]) ids.waiting.push((await submitTo(queue, user, {}, kind)).id);
    const back = (await submitTo(queue, 'ana', {}, kind)).id; // handed back: it waits in another list
    ids.waiting.push(back);
    await redis.zrem(keys.of('prioritized', lane), back);
    await redis.lpush(keys.of('wait', lane), back);
  }
  return { ...opened, ids };
}

const states: JobState[] = ['active', 'waiting', 'delayed', 'failed', 'cancelled', 'completed'];

test('every job is found in its state, once, however small the pages', async () => {
  const { queue, ids } = await withAll();
  for (const limit of [1, 2, 7, 500]) {
    for (const state of states) {
      const found = await searchAll(queue, { state }, limit);
      expect([limit, state, found.map(({ id }) => id).toSorted()]).toEqual([limit, state, ids[state].toSorted()]);
      expect(new Set(found.map((job) => job.state))).toEqual(new Set([state]));
    }
    const all = await searchAll(queue, {}, limit);
    expect(all.map(({ id }) => id).toSorted()).toEqual(Object.values(ids).flat().toSorted());
    for (const { id, state } of all) expect([id, ids[state].includes(id)]).toEqual([id, true]);
  }
});

test('the filter goes by kind, user, code, provider and time, alone and together', async () => {
  const { queue, ids, redis, keys } = await withAll();
  const of = async (filter: JobSearchFilter) => (await searchAll(queue, filter)).map(({ id }) => id).toSorted();
  const all = Object.values(ids).flat();
  expect(await of({ kind: AUDIO })).toEqual(all.filter((id) => id.startsWith(AUDIO)).toSorted());
  const owners = await Promise.all(all.map(async (id) => [id, await redis.hget(keys.job(id), 'data')] as const));
  const anas = owners.flatMap(([id, data]) => (data?.startsWith('{"owner":"ana"') ? [id] : []));
  expect(await of({ user: 'ana' })).toEqual(anas.toSorted());
  for (const state of states) expect(await of({ user: 'ana', state })).toEqual(anas.filter((id) => ids[state].includes(id)).toSorted());
  expect(await of({ user: 'nobody' })).toEqual([]);
  const refused = anas.filter((id) => ids.failed.includes(id)).toSorted();
  expect(await of({ code: 'provider_refused' })).toEqual(refused);
  expect(await of({ state: 'failed', provider: 'vendor-of-ana' })).toEqual(refused);
  expect(await of({ provider: 'vendor-of-ana', kind: CARDS })).toEqual(refused.filter((id) => id.startsWith(CARDS)));
  expect(await of({ state: 'failed', provider: 'vendor-of' })).toEqual([]);
});

test('a time bounds what is looked at, at both ends', async () => {
  const { queue, ids, redis, keys } = await withAll();
  const at = (n: number) => 1_700_000_000_000 + n * 1000;
  for (const [n, id] of ids.failed.entries()) {
    await redis.zadd(keys.of('failed'), at(n), id);
    await redis.hset(keys.job(id), 'finishedOn', at(n));
  }
  const ofTime = async (since?: number, before?: number) =>
    (await searchAll(queue, { state: 'failed', since, before })).map(({ id }) => id);
  expect(await ofTime(at(2), at(5))).toEqual(ids.failed.slice(2, 5).toReversed());
  expect(await ofTime(at(7))).toEqual(ids.failed.slice(7).toReversed());
  expect(await ofTime(undefined, at(2))).toEqual(ids.failed.slice(0, 2).toReversed());
  expect(await ofTime(at(100))).toEqual([]);
  for (const [n, id] of ids.waiting.entries()) await redis.hset(keys.job(id), 'timestamp', at(n));
  const waiting = await searchAll(queue, { state: 'waiting', since: at(1), before: at(3) });
  expect(waiting.map(({ id }) => id).toSorted()).toEqual(ids.waiting.slice(1, 3).toSorted());
});

test('jobs that come and go between two pages make no other job come twice or be left out', async () => {
  const { queue } = await open();
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) ids.push((await submitTo(queue, `user-${n}`)).id);
  const seen: string[] = [];
  let from: SearchPlace | undefined;
  for (let n = 0; ; n++) {
    const page = await queue.search({ state: 'waiting' }, { limit: 3, from });
    seen.push(...(page?.jobs.map(({ job }) => job.id) ?? []));
    from = page?.next;
    if (!from) break;
    if (n < 3) await queue.cancel(seen[3 * n] ?? ''); // also the one that a page has ended with
    if (n < 3) await queue.cancel(seen.at(-1) ?? '');
    if (n < 3) await submitTo(queue, `late-${n}`);
  }
  expect(ids.filter((id) => !seen.includes(id))).toEqual([]);
  expect(new Set(seen).size).toBe(seen.length);
});

test('a filter that fits nothing among thousands costs a bounded number of commands, and ends', async () => {
  const { queue, redis, keyPrefix } = await open();
  for (let n = 0; n < 1500; n += 50)
    await Promise.all(Array.from({ length: 50 }, async () => queue.cancel((await submitTo(queue, 'ana')).id)));
  const counted = await countCommands(redis, keyPrefix);
  const { result, commands } = await counted(() => queue.search({ state: 'failed', code: 'job_timeout' }, { limit: 100 }));
  expect(result).toMatchObject({ jobs: [], next: { source: 'failed' } });
  expect(commands.length).toBeLessThan(1000);
  expect(await searchAll(queue, { state: 'failed', code: 'job_timeout' }, 100)).toEqual([]);
});

test('a place of another search is refused; entries of others harm nothing', async () => {
  const { queue, redis, keys } = await withAll();
  expect(await queue.search({ state: 'active' }, { limit: 1, from: { source: 'completed' } })).toBeUndefined();
  for (const text of ['', 'failed', 'failed~1', 'failed~1~x', 'a b~', `failed~1e999~${'A'.repeat(34)}`])
    expect([text, searchCursor.safeParse(text).success]).toEqual([text, false]);
  await redis.lpush(keys.of('active', CARDS), '0', 'x,y', `${CARDS}-${'A'.repeat(32)}`);
  expect((await searchAll(queue, { state: 'active' })).length).toBe(9);
});
