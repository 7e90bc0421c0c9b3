/** The archive's outbox: which jobs are not in the archive yet, how far behind it is, and which rows it has refused. */
import type { Redis } from 'ioredis';
import type { Keys } from '../store/keys.ts';
import { isWrongType } from '../store/mend.ts';
import { createOutbox, type Outbox, type OutboxOptions } from '../ends/outbox.ts';
import { orUnavailable } from '../store/redis-connection.ts';
import { parseJson } from '../job/record.ts';

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

/** Makes it over a connection. */
export function createArchiveOutbox(redis: Redis, keys: Keys, options: Pick<OutboxOptions, 'clock' | 'retentionS'>): ArchiveOutbox {
  const { clock } = options;
  const { outbox, overdue, parked, behind } = keys.archive;
  return {
    ...createOutbox(redis, keys, keys.archive, { ...options, lateBills: true }),
    async state() {
      const [waiting, [, oldest], refused] = await orUnavailable(redis, () =>
        Promise.all([
          redis.zcard(overdue).catch(orNone(0)), // one of another type is begun anew by the next claim
          redis.zrange(overdue, '0', '0', 'WITHSCORES').catch(orNone<string[]>([])),
          redis.hlen(parked).catch(orNone(0)),
        ]),
      );
      return { waiting, lagMs: oldest === undefined ? 0 : Math.max(clock.now() - Number(oldest), 0), parked: refused };
    },
    async parked(limit) {
      const scan = () => redis.hscan(parked, '0', 'COUNT', limit).catch(orNone<[string, string[]]>(['0', []]));
      const [, fields] = await orUnavailable(redis, scan);
      return fields.flatMap((jobId, n) => {
        const about = n % 2 === 0 ? (parseJson(fields[n + 1] ?? '') as Partial<ParkedJob> | undefined) : undefined;
        return about ? [{ jobId, code: String(about.code), at: String(about.at) }] : [];
      });
    },
    async reopen() {
      return orUnavailable(redis, async () => {
        const ids = await redis.hkeys(parked).catch(orNone<string[]>([]));
        const now = clock.now();
        if (ids.length > 0) {
          const transaction = redis.multi().zadd(outbox, ...ids.flatMap((id) => [now, id]));
          await transaction.hdel(parked, ...ids).exec();
        }
        return ids.length;
      });
    },
    async markBehind(isBehind) {
      await (isBehind ? redis.set(behind, '1', 'PX', BEHIND_MS) : redis.del(behind));
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
