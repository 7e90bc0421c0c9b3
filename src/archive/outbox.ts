/** The archive's outbox: which jobs are not in the archive yet, how far behind it is, and which rows it has refused. */
import { isWrongType } from '../store/store-trouble.ts';
import { createOutbox, type Outbox } from '../ends/outbox.ts';
import { parseJson } from '../job/parse-json.ts';
import type { Store } from '../store/store.ts';

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

/** See the file's head. */
export type ArchiveOutbox = Outbox & {
  state(): Promise<ArchiveState>;
  /** Some of the jobs whose rows were refused. */
  parked(limit: number): Promise<ParkedJob[]>;
  /** Tries all refused rows again. Resolves with how many there are. */
  reopen(): Promise<number>;
  /** Marks that the archive is behind, so that workers keep records longer; or that it is not. */
  markBehind(isBehind: boolean): Promise<void>;
};

/** How long the mark holds, in ms, if no process renews it. */
const BEHIND_MS = 600_000;

/** `retentionS`: how long ended jobs are kept in Redis, in s. */
export function createArchiveOutbox(store: Store, retentionS: number): ArchiveOutbox {
  const { outbox, overdue, parked, behind } = store.keys.archive;
  return {
    ...createOutbox(store, store.keys.archive, { retentionS, lateBills: true }),
    async state() {
      const [waiting, [, oldest], refused] = await store.orUnavailable(() =>
        Promise.all([
          store.redis.zcard(overdue).catch(orNone(0)), // one of another type is begun anew by the next claim
          store.redis.zrange(overdue, '0', '0', 'WITHSCORES').catch(orNone<string[]>([])),
          store.redis.hlen(parked).catch(orNone(0)),
        ]),
      );
      return { waiting, lagMs: oldest === undefined ? 0 : Math.max(store.clock.now() - Number(oldest), 0), parked: refused };
    },
    async parked(limit) {
      const scan = () => store.redis.hscan(parked, '0', 'COUNT', limit).catch(orNone<[string, string[]]>(['0', []]));
      const [, fields] = await store.orUnavailable(scan);
      return fields.flatMap((jobId, n) => {
        const about = n % 2 === 0 ? (parseJson(fields[n + 1] ?? '') as Partial<ParkedJob> | undefined) : undefined;
        return about ? [{ jobId, code: String(about.code), at: String(about.at) }] : [];
      });
    },
    async reopen() {
      return store.orUnavailable(async () => {
        const ids = await store.redis.hkeys(parked).catch(orNone<string[]>([]));
        const now = store.clock.now();
        if (ids.length > 0) {
          const transaction = store.redis.multi().zadd(outbox, ...ids.flatMap((id) => [now, id]));
          await transaction.hdel(parked, ...ids).exec();
        }
        return ids.length;
      });
    },
    async markBehind(isBehind) {
      await (isBehind ? store.redis.set(behind, '1', 'PX', BEHIND_MS) : store.redis.del(behind));
    },
  };
}

/** In place of a structure of another type: others can write to Redis, too. */
function orNone<T>(none: T): (error: unknown) => T {
  return (error) => {
    if (isWrongType(error)) return none;
    throw error;
  };
}
