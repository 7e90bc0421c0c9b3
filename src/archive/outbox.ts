/**
 * The archive's outbox: which jobs are not in the archive yet, how far behind it is, and which rows
 * it has refused.
 */
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import { createOutbox, type Outbox, type Settlement } from '../ends/outbox.ts';
import { parseJson } from '../job/parse-json.ts';

/** A job whose row was refused. */
export type ParkedJob = { jobId: string; code: string; at: string };

/** How far the archive is. */
export type ArchiveState = {
  /** Jobs that have ended and are not archived. */
  waiting: number;
  /** How long the longest of them has been waiting, in ms. */
  lagMs: number;
  /** Rows that the archive has refused. */
  parked: number;
};

/** How long the mark holds, in ms, if no process renews it. */
const BEHIND_MS = 600_000;

/** The archive's outbox. */
export class ArchiveOutbox implements Outbox {
  readonly #store: Store;
  readonly #outbox: Outbox;

  /** `retentionS`: how long ended jobs are kept in Redis, in s. */
  constructor(store: Store, retentionS: number) {
    this.#store = store;
    this.#outbox = createOutbox(store, store.keys.archive, { retentionS, lateBills: true });
  }

  claim(ids?: readonly string[]): ReturnType<Outbox['claim']> {
    return this.#outbox.claim(ids);
  }

  settle(settlements: readonly Settlement[]): Promise<void> {
    return this.#outbox.settle(settlements);
  }

  async state(): Promise<ArchiveState> {
    const { redis, keys, clock } = this.#store;
    const { overdue, parked } = keys.archive;
    const [waiting, [, oldest], refused] = await this.#store.orUnavailable(() =>
      Promise.all([
        redis.zcard(overdue).catch(ifWrongType(0)), // one of another type is begun anew by the next claim
        redis.zrange(overdue, '0', '0', 'WITHSCORES').catch(ifWrongType<string[]>([])),
        redis.hlen(parked).catch(ifWrongType(0)),
      ]),
    );
    return { waiting, lagMs: oldest === undefined ? 0 : Math.max(clock.now() - Number(oldest), 0), parked: refused };
  }

  /** Some of the jobs whose rows were refused. */
  async parked(limit: number): Promise<ParkedJob[]> {
    const { redis, keys } = this.#store;
    const scan = () => redis.hscan(keys.archive.parked, '0', 'COUNT', limit).catch(ifWrongType<[string, string[]]>(['0', []]));
    const [, fields] = await this.#store.orUnavailable(scan);
    return fields.flatMap((jobId, n) => {
      return n % 2 === 0 ? toParked(jobId, fields[n + 1] ?? null) : [];
    });
  }

  /** Why the archive has refused a job's row; undefined where it has not. */
  async parkedOf(jobId: string): Promise<ParkedJob | undefined> {
    const { redis, keys } = this.#store;
    const read = () => redis.hget(keys.archive.parked, jobId).catch(ifWrongType(null));
    return toParked(jobId, await this.#store.orUnavailable(read))[0];
  }

  /**
   * So many of the jobs whose rows were refused, by id, after this one. `next`: the last one, if there
   * are more.
   */
  async parkedAfter(jobId: string | undefined, limit: number): Promise<{ jobs: ParkedJob[]; next?: string | undefined }> {
    const { redis, keys } = this.#store;
    const { parked } = keys.archive;
    return this.#store.orUnavailable(async () => {
      const ids = (await redis.hkeys(parked).catch(ifWrongType<string[]>([]))).toSorted();
      const left = jobId === undefined ? ids : ids.filter((id) => id > jobId);
      const wanted = left.slice(0, limit);
      const texts = wanted.length === 0 ? [] : await redis.hmget(parked, ...wanted);
      const jobs = wanted.flatMap((id, n) => toParked(id, texts[n] ?? null));
      return { jobs, next: left.length > limit ? wanted.at(-1) : undefined };
    });
  }

  /** Tries refused rows again: all of them, or that of one job. Resolves with how many there are. */
  async reopen(jobId?: string): Promise<number> {
    const { redis, keys, clock } = this.#store;
    const { outbox, parked } = keys.archive;
    return this.#store.orUnavailable(async () => {
      const all = await redis.hkeys(parked).catch(ifWrongType<string[]>([]));
      const ids = jobId === undefined ? all : all.filter((id) => id === jobId);
      const now = clock.now();
      if (ids.length > 0) {
        const transaction = redis.multi().zadd(outbox, ...ids.flatMap((id) => [now, id]));
        await transaction.hdel(parked, ...ids).exec();
      }
      return ids.length;
    });
  }

  /** Marks that the archive is behind, so that workers keep records longer; or that it is not. */
  async markBehind(isBehind: boolean): Promise<void> {
    const { redis, keys } = this.#store;
    const { behind } = keys.archive;
    await (isBehind ? redis.set(behind, '1', 'PX', BEHIND_MS) : redis.del(behind));
  }
}

/** Reads an entry; nothing where others have written it. */
function toParked(jobId: string, text: string | null): ParkedJob[] {
  const about = parseJson(text ?? 'null') as Partial<ParkedJob> | null | undefined;
  return about ? [{ jobId, code: String(about.code), at: String(about.at) }] : [];
}
