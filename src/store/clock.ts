/**
 * The one clock of all processes is Redis'. Scripts read it themselves;
 * here a process measures how far its own clock is from it.
 */
import type { Logger } from 'pino';
import type { RedisClient } from './redis-client.ts';
import { nodeWith } from './slot-node.ts';

/** The clock that all processes share. */
export type Clock = {
  /** The time by which processes agree, in ms since the epoch. */
  now(): number;
  /** Resolves once the clock is known to be right. */
  readonly measured: Promise<void>;
  /**
   * By how many ms this process' own clock is ahead of it, or
   * behind where it is negative; undefined up to OFF_MS.
   */
  aheadMs(): number | undefined;
};

/** From which difference on a process' clock counts as wrong, in ms. */
export const OFF_MS = 1000;

/** How often to measure, in ms. */
const MEASURE_MS = 5000;

/**
 * A process' clock that has moved by so much more or less than
 * time has gone by was set, or the machine slept, in ms.
 */
const JUMP_MS = 500;

/**
 * What a trip has shown. `redisAtZero`: Redis' time at the zero of performance.now(), in ms; it
 * is right up to `errorMs`, half of the trip. `ownAtZero`: this process' own time at that zero.
 */
type Measurement = { redisAtZero: number; errorMs: number; ownAtZero: number };

/**
 * A clock that follows Redis'; until the first measurement it is this process'
 * own. Between measurements it goes by monotonic time, so that a step of this
 * process' own clock does not move it. The first call after such a step
 * measures anew, because monotonic time stands still while a machine sleeps.
 */
export class RedisClock implements Clock {
  readonly measured: Promise<void>;
  readonly #redis;
  readonly #key;
  readonly #log;
  readonly #onMeasured;
  readonly #timer;
  #known: Measurement | undefined;
  #isOff = false;

  /**
   * Starts to measure. `redis`: a connection that fails at once while Redis is away.
   * `key`: one of ours, because each node of a cluster has a clock.
   */
  constructor(redis: RedisClient, log: Pick<Logger, 'info' | 'warn'>, key: string) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.measured = promise;
    this.#onMeasured = resolve;
    this.#redis = redis;
    this.#key = key;
    this.#log = log;
    redis.on('ready', this.#measureSoon); // it may be another Redis now
    this.#timer = setInterval(this.#measureSoon, MEASURE_MS).unref();
  }

  now(): number {
    if (!this.#known) return Date.now();
    const ownAtZero = Date.now() - performance.now();
    if (Math.abs(ownAtZero - this.#known.ownAtZero) > JUMP_MS) {
      this.#known = { ...this.#known, ownAtZero, errorMs: Infinity };
      this.#measureSoon();
    }
    return Math.floor(this.#known.redisAtZero + performance.now());
  }

  /** Measures. Rejects if Redis does not answer. */
  async measure(): Promise<void> {
    const latest = await measureOnce(nodeWith(this.#redis, this.#key));
    const known = this.#known;
    this.#known = known && isBetter(known, latest) ? { ...known, ownAtZero: latest.ownAtZero } : latest;
    this.#onMeasured();
    this.#logChange(this.#known.errorMs);
  }

  aheadMs(): number | undefined {
    const ahead = this.#known ? Math.round(this.#known.ownAtZero - this.#known.redisAtZero) : 0;
    return Math.abs(ahead) > OFF_MS ? ahead : undefined;
  }

  /** The same for the operator, in a sentence. */
  warnings(): string[] {
    const ahead = this.aheadMs();
    return ahead === undefined ? [] : [toWarning(ahead)];
  }

  close(): void {
    clearInterval(this.#timer);
    this.#redis.off('ready', this.#measureSoon);
  }

  readonly #measureSoon = (): void => {
    if (this.#redis.status === 'ready') void this.measure().catch(() => {}); // trouble of Redis is reported elsewhere
  };

  #logChange(errorMs: number): void {
    const ahead = this.aheadMs();
    if (this.#isOff === (ahead !== undefined) || errorMs > OFF_MS) return;
    this.#isOff = ahead !== undefined;
    if (ahead === undefined) this.#log.info("this process' clock agrees with Redis' again");
    else this.#log.warn({ aheadMs: ahead }, toWarning(ahead));
  }
}

async function measureOnce(redis: RedisClient): Promise<Measurement> {
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

/**
 * Whether what is known is more exact than a later measurement,
 * and does not contradict it: a slow trip says little.
 */
function isBetter(known: Measurement, later: Measurement): boolean {
  return known.errorMs < later.errorMs && Math.abs(known.redisAtZero - later.redisAtZero) <= later.errorMs;
}
