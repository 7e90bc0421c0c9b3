/** A process's way to Redis: its connections, the monitor of Redis' health, and the one place where their errors go. */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { OwnError } from '../job/own-error.ts';
import { createRedisClock, type RedisClock } from './clock.ts';
import { connect, readyWithin, type OnOutage } from './redis-connection.ts';
import { keysUnder } from './keys.ts';
import { readStoreFacts, warningsOf, whyUnusable } from './store-facts.ts';
import { createStoreMonitor, type StoreMonitor } from './store-monitor.ts';

/** An open store. */
export type Store = {
  /** The connection of everyday commands. It fails at once while Redis is away. */
  redis: Redis;
  monitor: StoreMonitor;
  /** The clock that all processes share. */
  clock: RedisClock;
  /** Opens another connection, which closes with the store. */
  connect(onOutage: OnOutage, options?: { lazyConnect?: boolean }): Redis;
  /** Makes a listener for errors of a part of the process: Redis' trouble goes to the monitor, all else to the log. */
  onError(source: string): (error: unknown) => void;
  /** What an operator should know of the server and of the clocks, a sentence each; looked at anew with each connection to it. */
  warnings(): string[];
  close(): void;
};

/** What a store is opened with. */
export type StoreOptions = {
  url: string;
  keyPrefix: string;
  /** Whether a server is taken that drops keys when its memory is full. */
  mayEvict: boolean;
  log: Pick<Logger, 'info' | 'warn'>;
  logError: (source: string, error: unknown) => void;
  /** The address leads to something that this code can't use, which was found out only after the start. */
  onUnusable: (error: OwnError) => void;
};

/** How long the start waits for Redis, in ms. */
const START_MS = 3000;

/**
 * Opens the store and waits a moment for Redis to be there; without it, it opens all the same.
 * @throws OwnError if the address leads to a cluster or a sentinel, or to a server that drops keys where that is not allowed
 */
export async function openStore({ url, keyPrefix, mayEvict, log, logError, onUnusable }: StoreOptions): Promise<Store> {
  const opened: Redis[] = [];
  const onError = (source: string) => (error: unknown) => {
    if (!monitor.report(error)) logError(source, error);
  };
  const open: Store['connect'] = (onOutage, options) => {
    const redis = connect(url, onOutage, onError('redis'), options);
    opened.push(redis);
    return redis;
  };
  const redis = open('fail');
  const monitor = createStoreMonitor({ redis, keys: keysUnder(keyPrefix), log });
  const clock = createRedisClock({ redis, log });
  const close = (): void => {
    monitor.close();
    clock.close();
    for (const connection of opened) connection.disconnect();
  };

  let warnings: string[] = [];
  const look = async (): Promise<OwnError | undefined> => {
    const facts = await readStoreFacts(redis);
    const known = warnings;
    warnings = warningsOf(facts);
    for (const warning of warnings) if (!known.includes(warning)) log.warn(warning);
    return whyUnusable(facts, mayEvict);
  };

  const isThere = await readyWithin(redis, START_MS);
  const unusable = isThere ? await look() : undefined;
  if (unusable) {
    close();
    throw unusable;
  }
  if (isThere) await clock.measure().catch(onError('redis'));
  else log.warn('Redis is out of reach; all that needs it waits until it is there');
  // A process that has started is not ended for what it finds later; only the first server that it meets is judged.
  let judged = isThere;
  const judge = async (): Promise<void> => {
    const error = await look();
    if (!judged && error) onUnusable(error);
    judged = true;
  };
  redis.on('ready', () => void judge().catch(onError('redis')));
  return { redis, monitor, clock, connect: open, onError, warnings: () => [...warnings, ...clock.warnings()], close };
}
