/** Connections to the store that REDIS_URL names. */
import { type Command, Redis } from 'ioredis';
import { connectCluster } from './cluster-connection.ts';
import { writeTogether } from './joined-writes.ts';
import { type OnOutage, patienceFor, SILENCE_MS } from './patience.ts';
import type { ConnectOptions, RedisClient } from './redis-client.ts';
import { connectBySentinels } from './sentinel-connection.ts';
import { readStoreAddress } from './store-address.ts';
import { isDemoted } from './store-trouble.ts';

/** A connection whose commands fail where Redis is silent. */
class ImpatientRedis extends Redis {
  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    // In the field of ioredis' own timeout, because ioredis clears that one with the reply.
    const timed = command as unknown as { _commandTimeoutTimer?: NodeJS.Timeout };
    // Of the address it is a text. One that is no number is as if it were not there.
    timed._commandTimeoutTimer ??= setTimeout(giveUp, Number(this.options.commandTimeout) || SILENCE_MS, command);
    return super.sendCommand(command, stream);
  }
}

/**
 * Fails a command after the replies that have come were read: a
 * process that was busy finds its timers due before it reads.
 */
function giveUp(command: Command): void {
  setImmediate(() => command.isSettled || command.reject(new Error('Command timed out')));
}

/**
 * Opens a connection to what REDIS_URL says. It reconnects for ever, within a second of Redis coming
 * back. Close it with `disconnect()`. It also reconnects where the server is no master any more: the
 * same address may lead to the new one. Then a command that fails on an outage fails, and one that
 * waits is sent again.
 */
export function connect(
  url: string,
  onOutage: OnOutage,
  onError: (error: Error) => void,
  options: { lazyConnect?: boolean } = {},
): RedisClient {
  const address = readStoreAddress(url);
  switch (address.type) {
    case 'single':
      return connectSingle(address.url, onOutage, { onError, ...options });
    case 'sentinel':
      return connectBySentinels(address, onOutage, { onError, ...options });
    case 'cluster':
      return connectCluster(address, onOutage, { onError, ...options });
  }
}

function connectSingle(url: string, onOutage: OnOutage, { onError, ...options }: ConnectOptions): Redis {
  const redis = new (onOutage === 'fail' ? ImpatientRedis : Redis)(url, {
    ...patienceFor[onOutage],
    ...options,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
    reconnectOnError(error) {
      if (!isDemoted(error)) return false;
      onError(error);
      return onOutage === 'fail' ? 1 : 2;
    },
  });
  redis.on('error', onError);
  const atEnd = onOutage === 'fail' ? process.nextTick : setImmediate;
  redis.on('connect', () => writeTogether(redis.stream, atEnd));
  return redis;
}

/** Resolves with whether a connection is ready within so many ms. */
export function readyWithin(redis: RedisClient, ms: number): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
