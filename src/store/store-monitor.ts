/** The store monitor: what a process knows of Redis' health, by writing to it. */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Keys } from './keys.ts';
import { type StoreTrouble, storeTrouble } from './store-trouble.ts';

/** Repeats work for as long as Redis refuses it, each time after Redis is well again. For work that a refusal leaves undone. */
export type RetryWhileRefused = <T>(work: () => Promise<T>) => Promise<T>;

/** A running monitor. */
export type StoreMonitor = {
  /** Takes an error. Returns whether Redis is what is wrong: then it is counted here, and the log says `away` once. */
  report(error: unknown): boolean;
  /** Writes to Redis, if the last probe is more than a second old. Resolves with what is wrong, or undefined. */
  probe(): Promise<StoreTrouble | undefined>;
  /** What was wrong when last heard of; undefined while all is well. */
  trouble(): StoreTrouble | undefined;
  /** For how long there was trouble since the process began, in ms, what goes on now included. */
  troubleMs(): number;
  retryWhileRefused: RetryWhileRefused;
  /** Tells from now on when trouble begins, when it is of another sort, and when Redis is well again. */
  watch(watcher: StoreWatcher): void;
  close(): void;
};

/** What to call when Redis' health changes. */
export type StoreWatcher = { onTrouble(trouble: StoreTrouble): void; onBack(): void };

/** What a monitor is made with. */
export type StoreMonitorOptions = {
  /** A connection that fails at once while Redis is away. */
  redis: Redis;
  keys: Keys;
  log: Pick<Logger, 'info' | 'warn'>;
};

/** How long a probe's result is believed, in ms. */
const PROBE_AGE_MS = 1000;

/** While there is trouble: the first pause between two probes and the longest, in ms. */
const PAUSES = { first: 100, longest: 2000 };

/** Redis is believed to be well for good after this, in ms. Before that, new trouble goes on with the longer pauses. */
const SETTLED_MS = 10_000;

/** While there is trouble: how often the log says that it goes on, in ms. */
const REMINDER_MS = 60_000;

/** How long a probe's key stays, in ms. */
const PROBE_KEPT_MS = 10_000;

/** Starts a monitor. It asks nothing of Redis while nobody asks it and nothing is wrong. */
export function createStoreMonitor({ redis, keys, log }: StoreMonitorOptions): StoreMonitor {
  const watchers: StoreWatcher[] = [];
  let current: { trouble: StoreTrouble; since: number; errors: number; told: number; back: PromiseWithResolvers<void> } | undefined;
  let last: { at: number; result: Promise<StoreTrouble | undefined> } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pauseMs = PAUSES.first;
  let backAt = -Infinity;
  let closed = false;
  let pastMs = 0; // of all troubles that are over

  const write = async (): Promise<StoreTrouble | undefined> => {
    try {
      await redis.set(keys.probe, '1', 'PX', PROBE_KEPT_MS);
      recovered();
      return undefined;
    } catch (error) {
      const trouble = storeTrouble(error);
      if (!trouble) throw error;
      enter(trouble);
      return trouble;
    }
  };

  const probe = (maxAgeMs: number): Promise<StoreTrouble | undefined> => {
    if (!last || performance.now() - last.at > maxAgeMs) {
      last = { at: performance.now(), result: write() };
      last.result.catch(() => (last = undefined));
    }
    return last.result;
  };

  const enter = (trouble: StoreTrouble): void => {
    if (closed) return;
    const changed = nameOf(trouble) !== (current && nameOf(current.trouble));
    if (!current) {
      current = { trouble, since: performance.now(), errors: 0, told: performance.now(), back: Promise.withResolvers() };
      if (performance.now() - backAt > SETTLED_MS) pauseMs = PAUSES.first;
      probeLater();
    }
    current.trouble = trouble;
    current.errors++;
    if (!changed) return;
    log.warn({ trouble: nameOf(trouble) }, 'redis: away');
    for (const watcher of watchers) watcher.onTrouble(trouble);
  };

  const recovered = (): void => {
    if (!current) return;
    const { trouble, since, errors, back } = current;
    current = undefined;
    backAt = performance.now();
    pastMs += backAt - since;
    clearTimeout(timer);
    log.info({ trouble: nameOf(trouble), awayMs: Math.round(backAt - since), errors }, 'redis: back');
    for (const watcher of watchers) watcher.onBack();
    back.resolve();
  };

  const probeLater = (): void => {
    timer = setTimeout(() => void keepProbing(), pauseMs);
    pauseMs = Math.min(pauseMs * 2, PAUSES.longest);
  };

  const keepProbing = async (): Promise<void> => {
    await probe(0).catch(report);
    if (!current || closed) return;
    if (performance.now() - current.told > REMINDER_MS) {
      current.told = performance.now();
      log.warn({ trouble: nameOf(current.trouble), errors: current.errors }, 'redis: still away');
    }
    probeLater();
  };

  const report = (error: unknown): boolean => {
    const trouble = storeTrouble(error);
    if (trouble) enter(trouble);
    return trouble !== undefined;
  };

  return {
    report,
    probe: async () => (await probe(PROBE_AGE_MS)) ?? current?.trouble,
    trouble: () => current?.trouble,
    troubleMs: () => pastMs + (current ? performance.now() - current.since : 0),
    watch: (watcher) => void watchers.push(watcher),
    async retryWhileRefused(work) {
      for (;;) {
        try {
          return await work();
        } catch (error) {
          if (closed || storeTrouble(error)?.type !== 'refuses') throw error;
          report(error);
          await current?.back.promise;
        }
      }
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function nameOf(trouble: StoreTrouble): string {
  return trouble.type === 'away' ? 'away' : trouble.code;
}
