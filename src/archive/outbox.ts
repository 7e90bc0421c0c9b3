/** The outbox: which jobs are not in the archive yet. Admission puts each job in, so that no end is missed, whoever causes it. */
import type { Redis } from 'ioredis';
import { LOOK_MS } from '../queue/admission.ts';
import type { Keys } from '../queue/keys.ts';
import { isWrongType } from '../queue/mend.ts';
import { orUnavailable } from '../queue/redis-connection.ts';
import { parseJson } from '../queue/record.ts';
import { defineScript } from '../queue/script.ts';

/** A job that has ended and is this process's to archive. `finishedOn`: when, as its record has it. */
export type Claim = { id: string; finishedOn: string };

/**
 * What has become of a claim: it is archived, is to be tried again in so many ms, or was refused for good with a code. `unavailable`: the
 * archive is out of reach, by this code.
 */
export type Settlement = Claim & {
  how: { type: 'done' } | { type: 'later'; ms: number; unavailable?: string | undefined } | { type: 'parked'; code: string };
};

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
export type Outbox = {
  /** Claims those of these jobs that have ended; without ids, of all that are due. `more`: whether others may be due, too. */
  claim(ids?: readonly string[]): Promise<{ claims: Claim[]; more: boolean }>;
  settle(settlements: readonly Settlement[]): Promise<void>;
  state(): Promise<ArchiveState>;
  /** Some of the jobs whose rows were refused. */
  parked(limit: number): Promise<ParkedJob[]>;
  /** Tries all refused rows again. Resolves with how many there are. */
  reopen(): Promise<number>;
  /** Marks that the archive is behind, so that workers keep records longer; or that it is not. */
  markBehind(isBehind: boolean): Promise<void>;
};

/** How many jobs are claimed at once. */
export const BATCH = 50;

/** How long a claim holds, in ms. It is the time that passes at most until the work of a process that was killed is taken up by another. */
const LEASE_MS = 6000;

/** How long the mark holds, in ms, if no process renews it. */
const BEHIND_MS = 600_000;

/** How much longer than its jobs a list of refused rows is kept, in ms. */
const KEPT_LONGER_MS = 7 * 24 * 3600 * 1000;

/** Makes it over a connection. `retentionS`: how long ended jobs are kept in Redis, in s. */
export function createOutbox(redis: Redis, keys: Keys, retentionS: number): Outbox {
  const folder = new URL('scripts/', import.meta.url);
  const { outbox, overdue, parked, behind } = keys.archive;
  const claimEnds = defineScript(
    redis,
    'claim_ends',
    { keys: ['outbox', 'overdue', 'coming', 'completed', 'failed', 'jobs'], args: ['now', 'batch', 'lookMs', 'leaseMs'] },
    folder,
  );
  const settleEnds = defineScript(redis, 'settle_ends', { keys: ['outbox', 'overdue', 'parked', 'jobs'], args: ['now', 'keptMs'] }, folder);
  const jobs = keys.job('');
  const touched = { outbox, overdue, coming: keys.coming, ...keys.allOf(['completed', 'failed']), jobs };

  return {
    async claim(ids = []) {
      const times = { now: Date.now(), batch: BATCH, lookMs: LOOK_MS, leaseMs: LEASE_MS };
      const [examined, ...ended] = (await claimEnds({ ...touched, ...times }, ids)) as [number, ...string[]];
      const claims = ended.flatMap((id, n) => (n % 2 === 0 ? [{ id, finishedOn: ended[n + 1] ?? '' }] : []));
      return { claims, more: ids.length === 0 && examined === BATCH };
    },
    async settle(settlements) {
      const now = Date.now();
      const rest = settlements.flatMap(({ id, finishedOn, how }) => [id, finishedOn, inWords(how, now)]);
      const keptMs = retentionS * 1000 + KEPT_LONGER_MS;
      if (rest.length > 0) await settleEnds({ outbox, overdue, parked, jobs, now, keptMs }, rest);
    },
    async state() {
      const [waiting, [, oldest], refused] = await orUnavailable(redis, () =>
        Promise.all([
          redis.zcard(overdue).catch(orNone(0)), // one of another type is begun anew by the next claim
          redis.zrange(overdue, '0', '0', 'WITHSCORES').catch(orNone<string[]>([])),
          redis.hlen(parked).catch(orNone(0)),
        ]),
      );
      return { waiting, lagMs: oldest === undefined ? 0 : Math.max(Date.now() - Number(oldest), 0), parked: refused };
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
        const now = Date.now();
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

function inWords(how: Settlement['how'], now: number): string {
  switch (how.type) {
    case 'done':
      return 'done';
    case 'later':
      return String(now + Math.ceil(how.ms));
    case 'parked':
      return JSON.stringify({ code: how.code, at: new Date(now).toISOString() });
  }
}
