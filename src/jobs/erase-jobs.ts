/** Erasing jobs: each is cancelled if it has not ended, and then everything of it goes, its events and its child, too. */
import type { Queue } from 'bullmq';
import type { Tenant } from '../job/tenant.ts';
import { childIdOf } from './child-id.ts';
import { START } from './deadlines.ts';
import { createEraseEvents, EVENT_FIELDS, type JobEvents } from './erase-events.ts';
import { parseJson } from '../job/parse-json.ts';
import { FIELDS, type Payload } from '../job/record.ts';
import type { Store } from '../store/store.ts';

/** What was erased. `results`: how many of the jobs had one; `keys`: under how many idempotency keys they were. */
export type ErasedJobs = { ids: string[]; results: number; keys: number };

const NOTHING: ErasedJobs = { ids: [], results: 0, keys: 0 };

/** What is read of a job before it goes. */
type Found = JobEvents & {
  createdAt: number;
  owner: string | undefined;
  tenant: Tenant | undefined;
  child?: string;
  key: boolean;
  result: boolean;
};

/**
 * Makes the function that erases jobs. `cancel`: ends a job, and its child. The record goes last. So where this is interrupted, the same request again erases the rest. A
 * run that goes on for a moment can write nothing any more, because its lock has gone with the cancellation.
 */
export function createEraseJobs(
  store: Store,
  queue: Queue<Payload>,
  cancel: (jobId: string) => Promise<unknown>,
): (jobIds: readonly string[]) => Promise<ErasedJobs> {
  const eraseEvents = createEraseEvents(store);
  const find = async (jobId: string): Promise<Found | undefined> => {
    await store.redis.zrem(store.keys.notifications.outbox, jobId).catch(() => {}); // nobody is told of an end that only erasing brings
    await cancel(jobId); // before it is read, so that no child is added after that
    const [[data, result, key, ...fields], rows] = await Promise.all([
      store.redis.hmget(store.keys.job(jobId), 'data', FIELDS.result, 'deid', ...EVENT_FIELDS),
      store.redis.llen(store.keys.logs(jobId)).catch(() => 0), // of another type it has no rows
    ]);
    if (!data && !fields[0]) return undefined;
    const { owner, tenant, next } = (parseJson(data ?? '') ?? {}) as Partial<Payload>;
    const createdAt = Number(fields[0]) || 0;
    const found = { id: jobId, fields, rows, createdAt, owner, tenant, key: Boolean(key), result: Boolean(result) };
    return next === undefined ? found : { ...found, child: childIdOf(jobId, next) };
  };

  /** The jobs with their children. */
  const findAll = async (jobIds: readonly string[]): Promise<Found[]> => {
    const found = (await Promise.all(jobIds.map(find))).filter((job) => job !== undefined);
    const children = found.flatMap(({ child }) => (child === undefined || jobIds.includes(child) ? [] : [child]));
    return children.length === 0 ? found : [...found, ...(await findAll(children))];
  };

  /** Takes a job out of all that we keep beside its record, and gives up the place that is kept for its child. */
  const forget = async ({ id, child, owner, tenant, createdAt }: Found): Promise<void> => {
    const { outbox, overdue, parked } = store.keys.archive;
    const notify = store.keys.notifications;
    const indexes = [store.keys.deadlines, store.keys.coming, outbox, overdue, notify.outbox, notify.overdue];
    if (tenant !== undefined) indexes.push(store.keys.open(tenant));
    const reserved = tenant === undefined ? [] : [store.keys.reserved(tenant, createdAt), store.keys.reserved(tenant, store.clock.now())]; // of its submission, or of a retry
    if (owner !== undefined) indexes.push(store.keys.jobsOf(owner));
    const ids = child === undefined ? [id] : [id, child];
    const hashes = [store.keys.children, parked, ...reserved];
    const removals = [
      ...hashes.map((hash) => store.redis.hdel(hash, ...ids)),
      ...indexes.map((index) => store.redis.zrem(index, ...ids, START + id)),
    ];
    await Promise.allSettled(removals); // one of another type is not ours any more
  };

  const eraseJobs = async (jobIds: readonly string[]): Promise<ErasedJobs> => {
    const found = await findAll(jobIds);
    if (found.length === 0) return NOTHING;
    const removed = await Promise.all(
      found.map(async (job) => {
        await eraseEvents(job);
        const there = await queue.remove(job.id); // record, journal and the key it was submitted under
        await forget(job);
        return there === 1;
      }),
    );
    const erased = found.filter((_, n) => removed[n]); // another request may have been faster
    // A child can have been added after it was looked for. From now on none is: its parent is gone.
    const late = await eraseJobs(found.flatMap(({ child }) => child ?? []));
    const count = (has: (job: Found) => boolean): number => erased.filter(has).length;
    return {
      ids: [...erased.map(({ id }) => id), ...late.ids],
      results: count(({ result }) => result) + late.results,
      keys: count(({ key }) => key) + late.keys,
    };
  };
  return eraseJobs;
}
