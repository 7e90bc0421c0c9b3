/** A connection to one server: impatient where it serves requests, and it always comes back. */
import { type Command, Redis, type RedisOptions } from 'ioredis';
import { failWhenSilent } from './impatience.ts';
import { joinWritesOf } from './joined-writes.ts';
import { type OnOutage, patienceFor, pauseBeforeConnecting, SILENCE_MS } from './patience.ts';
import type { ConnectOptions } from './redis-client.ts';
import { isDemoted } from './store-trouble.ts';

/**
 * A connection that is closed once where many commands ask for it: each command that a demoted
 * server refuses does, and ioredis adds a listener to the same socket each time.
 */
class ReturningRedis extends Redis {
  override disconnect(reconnect = false): void {
    const isClosing = this.status === 'ready' && this.stream.writableEnded;
    if (!(reconnect && isClosing)) super.disconnect(reconnect);
  }
}

/** A connection whose commands fail where Redis is silent. */
class ImpatientRedis extends ReturningRedis {
  override sendCommand(command: Command, stream?: Parameters<Redis['sendCommand']>[1]): unknown {
    // Of the address it is a text. One that is no number is as if it were not there.
    failWhenSilent(command, Number(this.options.commandTimeout) || SILENCE_MS);
    return super.sendCommand(command, stream);
  }
}

/** Where a connection leads: an address that ioredis reads, or options. */
type Target = { url: string } | { options: Omit<RedisOptions, 'replyMapping'> };

/**
 * Opens a connection. It reconnects for ever, within a second of Redis coming back, and also where
 * the server is no master any more: the same target may lead to the new one. Then a command that
 * fails on an outage fails, and one that waits is sent again.
 */
export function openRedis(target: Target, onOutage: OnOutage, { onError, ...options }: ConnectOptions): Redis {
  const Client = onOutage === 'fail' ? ImpatientRedis : ReturningRedis;
  const own: Omit<RedisOptions, 'replyMapping'> = {
    ...patienceFor[onOutage],
    ...options,
    retryStrategy: pauseBeforeConnecting,
    reconnectOnError(error) {
      if (!isDemoted(error)) return false;
      onError(error);
      return onOutage === 'fail' ? 1 : 2;
    },
  };
  const redis = 'url' in target ? new Client(target.url, own) : new Client({ ...own, ...target.options });
  redis.on('error', onError);
  joinWritesOf(redis, onOutage);
  return redis;
}
