/** The store monitor: what a process knows of Redis' health, by writing to it. */
import type { Logger } from 'pino';
import type { Keys } from './keys.ts';
import { type StoreTrouble, storeTrouble } from './store-trouble.ts';
import type { RedisClient } from './redis-client.ts';

/** What to call when Redis' health changes. */
export type StoreWatcher = { onTrouble(trouble: StoreTrouble): void; onBack(): void };

/**
 * Trouble that goes on: since when, how many errors it made, and
 * when the log last said so. Moments are of performance.now().
 */
type Outage = { trouble: StoreTrouble; since: number; errors: number; loggedAt: number; back: PromiseWithResolvers<void> };

/** How long a probe's result is believed, in ms. */
const PROBE_AGE_MS = 1000;

/** While there is trouble: the first pause between two probes and the longest, in ms. */
const PAUSES = { first: 100, longest: 2000 };

/**
 * Redis counts as well again after so many ms without trouble. Trouble that comes
 * before that is probed for with the longer pauses.
 */
const SETTLED_MS = 10_000;

/** While there is trouble: how often the log says that it goes on, in ms. */
const REMINDER_MS = 60_000;

/** Why a connection does not come about, and for how long that explains that Redis is away, in ms. */
const LOGIN: ReadonlySet<string> = new Set(['NOAUTH', 'WRONGPASS', 'CERTIFICATE']);
const LOGIN_KEPT_MS = 10_000;

/** How long a probe's key stays, in ms. */
const PROBE_KEPT_MS = 10_000;

/** Knows what is wrong with Redis. It asks nothing of Redis while nobody asks it and nothing is wrong. */
export class StoreMonitor {
  readonly #redis;
  readonly #keys;
  readonly #log;
  readonly #watchers: StoreWatcher[] = [];
  #outage: Outage | undefined;
  #lastProbe: { at: number; result: Promise<StoreTrouble | undefined> } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauseMs = PAUSES.first;
  #backAt = -Infinity;
  #pastMs = 0; // of all outages that are over
  #loginRefused: { trouble: StoreTrouble; at: number } | undefined;
  #closed = false;

  /** `redis`: a connection that fails at once while Redis is away. */
  constructor(redis: RedisClient, keys: Keys, log: Pick<Logger, 'info' | 'warn'>) {
    this.#redis = redis;
    this.#keys = keys;
    this.#log = log;
  }

  /**
   * Takes an error. Returns whether Redis is what is wrong: then
   * it is counted here, and the log says `away` once.
   */
  report(error: unknown): boolean {
    const trouble = storeTrouble(error);
    if (trouble) this.#enter(trouble);
    return trouble !== undefined;
  }

  /**
   * Writes to Redis, if the last probe is more than a second
   * old. Resolves with what is wrong, or undefined.
   */
  async probe(): Promise<StoreTrouble | undefined> {
    return (await this.#probe(PROBE_AGE_MS)) ?? this.#outage?.trouble;
  }

  /** What was wrong when last heard of; undefined while all is well. */
  trouble(): StoreTrouble | undefined {
    return this.#outage?.trouble;
  }

  /** For how long there was trouble since the process began, in ms, what goes on now included. */
  troubleMs(): number {
    return this.#pastMs + (this.#outage ? performance.now() - this.#outage.since : 0);
  }

  /** Calls the watcher when trouble begins, when it is of another sort, and when Redis is well again. */
  watch(watcher: StoreWatcher): void {
    this.#watchers.push(watcher);
  }

  /**
   * Repeats work for as long as Redis refuses it, each time after
   * Redis is well again. For work that a refusal leaves undone.
   */
  async retryWhileRefused<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (this.#closed || storeTrouble(error)?.type !== 'refuses') throw error;
        this.report(error);
        await this.#outage?.back.promise;
      }
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #probe(maxAgeMs: number): Promise<StoreTrouble | undefined> {
    if (!this.#lastProbe || performance.now() - this.#lastProbe.at > maxAgeMs) {
      this.#lastProbe = { at: performance.now(), result: this.#write() };
      this.#lastProbe.result.catch(() => (this.#lastProbe = undefined));
    }
    return this.#lastProbe.result;
  }

  async #write(): Promise<StoreTrouble | undefined> {
    try {
      await this.#redis.set(this.#keys.probe, '1', 'PX', PROBE_KEPT_MS);
      this.#leave();
      return undefined;
    } catch (error) {
      const trouble = storeTrouble(error);
      if (!trouble) throw error;
      this.#enter(trouble);
      return this.#outage?.trouble ?? trouble;
    }
  }

  #enter(seen: StoreTrouble): void {
    if (this.#closed) return;
    const before = this.#outage?.trouble;
    const trouble = explained(this.#causeOf(seen), before);
    const changed = nameOf(trouble) !== (before && nameOf(before)) || whyOf(trouble) !== whyOf(before);
    const outage = (this.#outage ??= this.#begin(trouble));
    outage.trouble = trouble;
    outage.errors++;
    if (!changed) return;
    this.#log.warn({ trouble: nameOf(trouble), why: whyOf(trouble) }, 'redis: away');
    for (const watcher of this.#watchers) watcher.onTrouble(trouble);
  }

  /**
   * A connection whose login was refused, or whose server is not trusted, ends, so that
   * what waits on it finds Redis away: that is the cause.
   */
  #causeOf(seen: StoreTrouble): StoreTrouble {
    if (seen.type === 'refuses' && LOGIN.has(seen.code)) this.#loginRefused = { trouble: seen, at: performance.now() };
    const login = this.#loginRefused;
    return seen.type === 'away' && login && performance.now() - login.at < LOGIN_KEPT_MS ? login.trouble : seen;
  }

  #begin(trouble: StoreTrouble): Outage {
    const since = performance.now();
    if (since - this.#backAt > SETTLED_MS) this.#pauseMs = PAUSES.first;
    this.#probeLater();
    return { trouble, since, errors: 0, loggedAt: since, back: Promise.withResolvers() };
  }

  #leave(): void {
    if (!this.#outage) return;
    const { trouble, since, errors, back } = this.#outage;
    this.#outage = undefined;
    this.#loginRefused = undefined;
    this.#backAt = performance.now();
    this.#pastMs += this.#backAt - since;
    clearTimeout(this.#timer);
    this.#log.info({ trouble: nameOf(trouble), awayMs: Math.round(this.#backAt - since), errors }, 'redis: back');
    for (const watcher of this.#watchers) watcher.onBack();
    back.resolve();
  }

  #probeLater(): void {
    this.#timer = setTimeout(() => void this.#keepProbing(), this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSES.longest);
  }

  async #keepProbing(): Promise<void> {
    await this.#probe(0).catch((error: unknown) => this.report(error));
    if (!this.#outage || this.#closed) return;
    if (performance.now() - this.#outage.loggedAt > REMINDER_MS) {
      this.#outage.loggedAt = performance.now();
      const { trouble, errors } = this.#outage;
      this.#log.warn({ trouble: nameOf(trouble), why: whyOf(trouble), errors }, 'redis: still away');
    }
    this.#probeLater();
  }
}

/** A trouble with the reason that is known of it: commands that fail meanwhile don't tell one. */
function explained(trouble: StoreTrouble, before: StoreTrouble | undefined): StoreTrouble {
  return trouble.type === 'away' && trouble.why === undefined && before?.type === 'away' ? before : trouble;
}

function whyOf(trouble: StoreTrouble | undefined): string | undefined {
  return trouble?.type === 'away' ? trouble.why : undefined;
}

function nameOf(trouble: StoreTrouble): string {
  return trouble.type === 'away' ? 'away' : trouble.code;
}
