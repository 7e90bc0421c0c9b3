/**
 * Lists a user's jobs from two stores. Redis has the newest and forgets the old ones; the archive
 * gets them a little later; many are in both.
 */
import type { Snapshot } from '../job/snapshot.ts';
import type { JobPage, IndexPlace, JobRange } from '../jobs/listing.ts';

/** Reads a part of one store, newest first. */
export type ReadPage = (range: JobRange) => Promise<JobPage>;

/** The stores that a list is read from. `there`: which of these jobs Redis has. */
export type ListSources = { redis: ReadPage; archive: ReadPage; there: (ids: readonly string[]) => Promise<ReadonlySet<string>> };

/**
 * Reads a page. Redis is asked before the archive, so that a job that moves meanwhile is found
 * twice and never missed. Of a job in both, Redis has the truth: the archive may still have an end
 * that a retry has taken back.
 */
export async function listJobs({ redis, archive, there }: ListSources, range: JobRange): Promise<JobPage> {
  const hot = await redis(range);
  const cold = await archive(range);
  const known = new Set(hot.jobs.map(({ id }) => id));
  const others = cold.jobs.filter(({ id }) => !known.has(id));
  const elsewhere = range.filter ? await there(others.map(({ id }) => id)) : new Set<string>();
  return joinPages(hot, { ...cold, jobs: others.filter(({ id }) => !elsewhere.has(id)) }, range.limit);
}

/**
 * Joins two pages that began at the same place. Past the place where the shorter one ends, nothing
 * is known of that store.
 */
export function joinPages(one: JobPage, other: JobPage, limit: number): JobPage {
  const [end] = [one.next, other.next].filter((place) => place !== undefined).toSorted(inOrder);
  const jobs = [...one.jobs, ...other.jobs].toSorted((a, b) => inOrder(placeOf(a), placeOf(b)));
  const known = end ? jobs.filter((job) => inOrder(placeOf(job), end) <= 0) : jobs;
  if (known.length <= limit) return { jobs: known, next: end };
  const page = known.slice(0, limit);
  const last = page.at(-1);
  return { jobs: page, next: last && placeOf(last) };
}

function placeOf({ id, createdAt }: Snapshot): IndexPlace {
  return { score: String(createdAt), id };
}

/** The order of lists: the newest first; of the same moment, the last by the bytes of its id. */
function inOrder(a: IndexPlace, b: IndexPlace): number {
  return Number(b.score) - Number(a.score) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
