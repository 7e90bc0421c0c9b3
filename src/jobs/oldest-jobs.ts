/** For how long the oldest jobs of each lane have waited. */
import { FIELDS } from '../job/record.ts';
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';

/**
 * For how long the oldest job of a lane has waited, in ms; 0 if there
 * is none. `waiting`: since it could begin. `delayed`: since its pause
 * was over, which is more than a moment only if no worker lives.
 */
export type OldestJobs = { lane: Lane; waiting: number; delayed: number };

/**
 * So many jobs at the front of a lane are looked at. Jobs are in the order of their users' turns, and
 * the oldest one is at the head of its user's line: with more users the answer can be too low.
 */
const LOOKED_AT = 200;

/** BullMQ keeps a counter in the low bits of a delayed job's score. */
const DELAY_UNIT = 0x1000;

type StoreParts = Pick<Store, 'redis' | 'keys' | 'clock'>;

/** Reads it for these lanes and for the queue that all kinds share. Two trips if jobs wait, else one. */
export function readOldestJobs(store: StoreParts, lanes: readonly string[]): Promise<OldestJobs[]> {
  return Promise.all([undefined, ...lanes].map((lane) => readOldest(store, lane)));
}

async function readOldest({ redis, keys, clock }: StoreParts, lane: Lane): Promise<OldestJobs> {
  const none = ifWrongType<string[]>([]);
  const [plain, prioritized, [, due]] = await Promise.all([
    redis.lrange(keys.of('wait', lane), -LOOKED_AT, -1).catch(none), // BullMQ takes jobs from the end of this list
    redis.zrange(keys.of('prioritized', lane), '0', String(LOOKED_AT - 1)).catch(none),
    redis.zrange(keys.of('delayed', lane), '0', '0', 'WITHSCORES').catch(none),
  ]);
  const since = await Promise.all(
    [...plain, ...prioritized].map((id) => redis.hmget(keys.job(id), 'timestamp', FIELDS.ready).catch(ifWrongType<(string | null)[]>([]))),
  );
  const now = clock.now();
  const waits = since.map(([created, ready]) => now - Number(ready ?? created ?? undefined)).filter(Number.isFinite);
  return { lane, waiting: Math.max(0, ...waits), delayed: due === undefined ? 0 : Math.max(0, now - Number(due) / DELAY_UNIT) };
}
