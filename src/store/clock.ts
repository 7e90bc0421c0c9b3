/** The one clock of all processes is Redis'. Scripts read it themselves; here a process measures how far its own clock is from it. */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';

/** Tells the time by which processes agree, in ms since the epoch. */
export type Clock = { now(): number };

/** A clock that follows Redis'. Until the first measurement it is this process' own. */
export type RedisClock = Clock & {
  /** Measures. Rejects if Redis does not answer. */
  measure(): Promise<void>;
  /** Resolves once the first measurement has been made. */
  measured: Promise<void>;
  /** By how many ms this process' own clock is ahead of Redis', or behind where it is negative; undefined up to OFF_MS. */
  aheadMs(): number | undefined;
  /** The same for the operator, in a sentence. */
  warnings(): string[];
  close(): void;
};

/** What a clock is made with. `redis`: a connection that fails at once while Redis is away. */
export type ClockOptions = { redis: Redis; log: Pick<Logger, 'info' | 'warn'> };

/** From which difference on a process' clock counts as wrong, in ms. */
export const OFF_MS = 1000;

/** How often to measure, in ms. */
const MEASURE_MS = 5000;

/** A process' clock that has moved by so much more or less than time has gone by was set, or the machine slept, in ms. */
const JUMP_MS = 500;

/**
 * What a trip has shown. `redisAtZero`: Redis' time at the zero of performance.now(), in ms; it is right up to `errorMs`, half of the trip.
 * `ownAtZero`: this process' own time at that zero.
 */
type Measurement = { redisAtZero: number; errorMs: number; ownAtZero: number };

/**
 * Starts a clock. Between measurements it goes by monotonic time, so that a step of this process' own clock does not move it. The
 * first call after such a step measures anew, because monotonic time stands still while a machine sleeps.
 */
export function createRedisClock({ redis, log }: ClockOptions): RedisClock {
  const { promise: measured, resolve } = Promise.withResolvers<void>();
  let known: Measurement | undefined;
  let isOff = false;

  const measure = async (): Promise<void> => {
    const latest = await measureOnce(redis);
    known = known && isBetter(known, latest) ? { ...known, ownAtZero: latest.ownAtZero } : latest;
    resolve();
    tell(known);
  };

  const tell = ({ errorMs }: Measurement): void => {
    const ahead = aheadMs();
    if (isOff === (ahead !== undefined) || errorMs > OFF_MS) return;
    isOff = ahead !== undefined;
    if (ahead === undefined) log.info("this process' clock agrees with Redis' again");
    else log.warn({ aheadMs: ahead }, toWarning(ahead));
  };

  const aheadMs = (): number | undefined => {
    const ahead = known ? Math.round(known.ownAtZero - known.redisAtZero) : 0;
    return Math.abs(ahead) > OFF_MS ? ahead : undefined;
  };

  const measureSoon = (): void => {
    if (redis.status === 'ready') void measure().catch(() => {}); // what is wrong with Redis others tell
  };
  redis.on('ready', measureSoon); // it may be another Redis now
  const timer = setInterval(measureSoon, MEASURE_MS);
  timer.unref();

  return {
    now() {
      if (!known) return Date.now();
      const ownAtZero = Date.now() - performance.now();
      if (Math.abs(ownAtZero - known.ownAtZero) > JUMP_MS) {
        known = { ...known, ownAtZero, errorMs: Infinity };
        measureSoon();
      }
      return Math.floor(known.redisAtZero + performance.now());
    },
    measure,
    measured,
    aheadMs,
    warnings() {
      const ahead = aheadMs();
      return ahead === undefined ? [] : [toWarning(ahead)];
    },
    close() {
      clearInterval(timer);
      redis.off('ready', measureSoon);
    },
  };
}

async function measureOnce(redis: Redis): Promise<Measurement> {
  const sent = performance.now();
  const [seconds, micros] = await redis.time();
  const received = performance.now();
  const time = Number(seconds) * 1000 + Number(micros) / 1000;
  return { redisAtZero: time - (sent + received) / 2, errorMs: (received - sent) / 2, ownAtZero: Date.now() - performance.now() };
}

function toWarning(aheadMs: number): string {
  const by = `${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
  return `This process' clock is ${by} that of Redis, by which all processes go. Synchronize both (NTP): tokens and signatures use this one.`;
}

/** Whether what is known is more exact than a later measurement, and does not contradict it: a slow trip says little. */
function isBetter(known: Measurement, later: Measurement): boolean {
  return known.errorMs < later.errorMs && Math.abs(known.redisAtZero - later.redisAtZero) <= later.errorMs;
}
