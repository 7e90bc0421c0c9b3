/**
 * Erasing jobs: each is cancelled if it has not ended, and
 * then everything of it goes, its events and its child, too.
 */
import type { Queue } from 'bullmq';
import type { Tenant } from '../job/tenant.ts';
import { childIdOf } from './child-id.ts';
import { START } from './deadlines.ts';
import { EventEraser, EVENT_FIELDS, type JobEvents } from './erase-events.ts';
import { parseJson } from '../job/parse-json.ts';
import { FIELDS, type Payload } from '../job/record.ts';
import type { Store } from '../store/store.ts';

/**
 * What was erased. `results`: how many of the jobs had one;
 * `keys`: under how many idempotency keys they were.
 */
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
 * Erases jobs. The record goes last. So where this is interrupted, the
 * same request again erases the rest. A run that goes on for a moment can
 * write nothing any more, because its lock has gone with the cancellation.
 */
export class JobEraser {
  readonly #store;
  readonly #queue;
  readonly #cancel;
  readonly #events;

  /** `cancel`: ends a job, and its child. */
  constructor(store: Store, queue: Queue<Payload>, cancel: (jobId: string) => Promise<unknown>) {
    this.#store = store;
    this.#queue = queue;
    this.#cancel = cancel;
    this.#events = new EventEraser(store);
  }

  /** Erases jobs with their children. Those that have not ended are cancelled first. */
  async erase(jobIds: readonly string[]): Promise<ErasedJobs> {
    const found = await this.#findAll(jobIds);
    const removed = await Promise.all(found.map((job) => this.#remove(job)));
    await this.#forgetExamples([...jobIds, ...found.map(({ id }) => id)]);
    if (found.length === 0) return NOTHING;
    const erased = found.filter((_, n) => removed[n]); // another request may have been faster
    // A child can have been added after it was looked for. From now on none is: its parent is gone.
    const late = await this.erase(found.flatMap(({ child }) => child ?? []));
    const count = (has: (job: Found) => boolean): number => erased.filter(has).length;
    return {
      ids: [...erased.map(({ id }) => id), ...late.ids],
      results: count(({ result }) => result) + late.results,
      keys: count(({ key }) => key) + late.keys,
    };
  }

  /** The jobs with their children. */
  async #findAll(jobIds: readonly string[]): Promise<Found[]> {
    const found = (await Promise.all(jobIds.map((jobId) => this.#find(jobId)))).filter((job) => job !== undefined);
    const children = found.flatMap(({ child }) => (child === undefined || jobIds.includes(child) ? [] : [child]));
    return children.length === 0 ? found : [...found, ...(await this.#findAll(children))];
  }

  async #find(jobId: string): Promise<Found | undefined> {
    const { redis, keys } = this.#store;
    await redis.zrem(keys.notifications.outbox, jobId).catch(() => {}); // an end that only erasing brings notifies nobody
    await this.#cancel(jobId); // before it is read, so that no child is added after that
    const [[data, result, key, ...fields], rows] = await Promise.all([
      redis.hmget(keys.job(jobId), 'data', FIELDS.result, 'deid', ...EVENT_FIELDS),
      redis.llen(keys.logs(jobId)).catch(() => 0), // of another type it has no rows
    ]);
    if (!data && !fields[0]) return undefined;
    const { owner, tenant, next } = (parseJson(data ?? '') ?? {}) as Partial<Payload>;
    const createdAt = Number(fields[0]) || 0;
    const found = { id: jobId, fields, rows, createdAt, owner, tenant, key: Boolean(key), result: Boolean(result) };
    return next === undefined ? found : { ...found, child: childIdOf(jobId, next) };
  }

  /** Resolves with whether the job was still there. */
  async #remove(job: Found): Promise<boolean> {
    await this.#events.erase(job);
    const there = await this.#queue.remove(job.id); // record, journal and the key it was submitted under
    await this.#forget(job);
    return there === 1;
  }

  /** From now on they are no examples of errors: a job without a record becomes none. */
  async #forgetExamples(ids: readonly string[]): Promise<void> {
    const { redis, keys } = this.#store;
    if (ids.length > 0) await redis.zrem(keys.admin.examples, ...ids).catch(() => {}); // one of another type has none
  }

  /**
   * Takes a job out of all that we keep beside its record, and
   * gives up the place that is kept for its child.
   */
  async #forget({ id, child, owner, tenant, createdAt }: Found): Promise<void> {
    const { redis, keys, clock } = this.#store;
    const { outbox, overdue, parked } = keys.archive;
    const indexes = [keys.deadlines, keys.cancelled, keys.coming, outbox, overdue, keys.notifications.outbox, keys.notifications.overdue];
    const hashes = [keys.children, parked];
    if (owner !== undefined) indexes.push(keys.jobsOf(owner));
    if (tenant !== undefined) {
      indexes.push(keys.open(tenant));
      hashes.push(keys.reserved(tenant, createdAt), keys.reserved(tenant, clock.now())); // of its submission, and of a retry
    }
    const ids = child === undefined ? [id] : [id, child];
    const removals = [...hashes.map((hash) => redis.hdel(hash, ...ids)), ...indexes.map((index) => redis.zrem(index, ...ids, START + id))];
    await Promise.allSettled(removals); // one of another type is not ours any more
  }
}
