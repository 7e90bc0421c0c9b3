/** A process's way to Redis: its connections, the monitor of Redis' health, and the one place where their errors go. */
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { OwnError } from '../job/own-error.ts';
import { connect, readyWithin, type OnOutage } from './redis-connection.ts';
import { keysUnder } from './keys.ts';
import { createStoreMonitor, type StoreMonitor } from './store-monitor.ts';

/** An open store. */
export type Store = {
  /** The connection of everyday commands. It fails at once while Redis is away. */
  redis: Redis;
  monitor: StoreMonitor;
  /** Opens another connection, which closes with the store. */
  connect(onOutage: OnOutage, options?: { lazyConnect?: boolean }): Redis;
  /** Makes a listener for errors of a part of the process: Redis' trouble goes to the monitor, all else to the log. */
  onError(source: string): (error: unknown) => void;
  close(): void;
};

/** What a store is opened with. */
export type StoreOptions = {
  url: string;
  keyPrefix: string;
  log: Pick<Logger, 'info' | 'warn'>;
  logError: (source: string, error: unknown) => void;
  /** The address leads to something that this code can't use, which was found out only after the start. */
  onUnusable: (error: OwnError) => void;
};

/** How long the start waits for Redis, in ms. */
const START_MS = 3000;

/**
 * Opens the store and waits a moment for Redis to be there; without it, it opens all the same.
 * @throws OwnError if the address leads to a cluster or a sentinel
 */
export async function openStore({ url, keyPrefix, log, logError, onUnusable }: StoreOptions): Promise<Store> {
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
  const close = (): void => {
    monitor.close();
    for (const connection of opened) connection.disconnect();
  };

  if (await readyWithin(redis, START_MS)) {
    const unusable = await whyUnusable(redis);
    if (unusable) {
      close();
      throw unusable;
    }
  } else {
    log.warn('Redis is out of reach; all that needs it waits until it is there');
    redis.once('ready', () => void whyUnusable(redis).then((error) => error && onUnusable(error), onError('redis')));
  }
  return { redis, monitor, connect: open, onError, close };
}

/** Commands would fail for ever on a sentinel, and on most nodes of a cluster. */
async function whyUnusable(redis: Redis): Promise<OwnError | undefined> {
  const info = await redis.info('server').catch(() => ''); // who may not ask is believed to be right
  const mode = /^redis_mode:(cluster|sentinel)/m.exec(info)?.[1];
  if (mode === undefined) return undefined;
  return new OwnError(`REDIS_URL leads to a Redis ${mode}, which is not supported: give the address of a single server, the master.`);
}
