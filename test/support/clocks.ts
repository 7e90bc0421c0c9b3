/** Processes whose clocks are wrong, and the time of Redis, which is the right one. */
import type { Clock } from '../../src/store/clock.ts';
import type { RedisClient } from '../../src/store/redis-client.ts';

/** The variables of a process whose clock is so many ms ahead; behind where it is negative. */
export function clockAhead(ms: number): Record<string, string> {
  return { NODE_OPTIONS: `--import=${new URL('shifted-clock.ts', import.meta.url).href}`, CLOCK_AHEAD_MS: String(ms) };
}

/** Redis' time, in ms since the epoch. */
export async function timeOf(redis: RedisClient): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

/** A clock for parts that are made without a store, on the machine on which Redis runs. */
export const rightClock: Clock = {
  now: () => Date.now(),
  measured: Promise.resolve(),
  aheadMs: () => undefined,
};
