/** Tests the list out of two stores: whatever moves between them while a user turns the pages, no job is missing and none comes twice. */
import { expect, test } from 'vitest';
import { joinPages, listJobs, type ReadPage } from '../../src/archive/job-list.ts';
import type { Snapshot } from '../../src/job/snapshot.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import type { IndexPlace } from '../../src/jobs/listing.ts';
import { createDice } from '../support/dice.ts';

const jobOf = (createdAt: number, id: string, status: Snapshot['status'] = 'completed'): Snapshot => ({
  id,
  kind: 'k',
  tenant: tenantOf('ana', undefined),
  status,
  attempt: 1,
  maxAttempts: 3,
  createdAt,
  length: 0,
});
const placeOf = ({ createdAt, id }: Snapshot): IndexPlace => ({ score: String(createdAt), id });
const isBefore = (a: Snapshot, b: Snapshot) => a.createdAt > b.createdAt || (a.createdAt === b.createdAt && a.id > b.id);

/** A store as the real ones page: after a place, so many, and perhaps fewer although there are more. `looked`: how many it looks at. */
const pageOf =
  (jobs: () => readonly Snapshot[], looked = Infinity): ReadPage =>
  async ({ limit, after, filter }) => {
    const sorted = jobs().toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
    const rest = sorted.filter((job) => !after || isBefore(jobOf(Number(after.score), after.id), job));
    const seen = rest.slice(0, looked);
    const fitting = seen.filter(({ status }) => filter?.status === undefined || filter.status === status);
    const page = fitting.slice(0, limit);
    const last = fitting.length > limit ? page.at(-1) : seen.length < rest.length ? seen.at(-1) : undefined;
    return { jobs: page, next: last && placeOf(last) };
  };

test('3,000 random lists, with jobs that move to the archive and out of Redis meanwhile, have every job once and in order', async () => {
  for (let seed = 0; seed < 3000; seed++) {
    const dice = createDice(seed);
    const all = Array.from({ length: dice(12) + 1 }, (_, n) => jobOf(dice(4), `job-${String(n).padStart(2, '0')}`));
    const archived = new Set(all.filter(() => dice(2) === 0));
    const hot = new Set(all.filter((job) => !archived.has(job) || dice(2) === 0)); // each is somewhere
    const move = () => {
      for (const job of all) if (dice(4) === 0) archived.add(job);
      for (const job of archived) if (dice(4) === 0) hot.delete(job);
    };
    const redis = pageOf(() => [...hot], dice(3) + 1);
    const archive = pageOf(() => [...archived]);
    const sources = {
      redis: async (range: Parameters<ReadPage>[0]) => {
        const page = await redis(range);
        move();
        return page;
      },
      archive,
      there: async () => new Set<string>(),
    };
    const seen: string[] = [];
    let after: IndexPlace | undefined;
    for (let pages = 0; pages < 100; pages++) {
      const { jobs, next } = await listJobs(sources, { limit: dice(3) + 1, after });
      seen.push(...jobs.map(({ id }) => id));
      if (!next) break;
      after = next;
    }
    expect([seed, seen]).toEqual([seed, all.toSorted((a, b) => (isBefore(a, b) ? -1 : 1)).map(({ id }) => id)]);
  }
});

test('of a job in both stores Redis has the truth, also where a filter hides it there', async () => {
  const [old, retried] = [jobOf(1, 'a', 'failed'), jobOf(2, 'b', 'failed')];
  const redis = pageOf(() => [{ ...retried, status: 'active' }]);
  const archive = pageOf(() => [old, retried]);
  const there = async (ids: readonly string[]) => new Set(ids.filter((id) => id === 'b'));
  const all = await listJobs({ redis, archive, there }, { limit: 5 });
  expect(all.jobs.map(({ id, status }) => [id, status])).toEqual([
    ['b', 'active'],
    ['a', 'failed'],
  ]);
  const failed = await listJobs({ redis, archive, there }, { limit: 5, filter: { status: 'failed' } });
  expect(failed.jobs.map(({ id }) => id)).toEqual(['a']);
});

test('a page that a store cuts short ends where that store does', () => {
  const jobs = [jobOf(4, 'd'), jobOf(2, 'b')];
  expect(joinPages({ jobs: [jobOf(3, 'c')], next: { score: '3', id: 'c' } }, { jobs }, 5)).toEqual({
    jobs: [jobOf(4, 'd'), jobOf(3, 'c')],
    next: { score: '3', id: 'c' },
  });
});
