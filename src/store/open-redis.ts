/** A connection to one server: impatient where it serves requests, and it always comes back. */
import { type Command, Redis, type RedisOptions } from 'ioredis';
import { writeTogether } from './joined-writes.ts';
import { type OnOutage, patienceFor, SILENCE_MS } from './patience.ts';
import type { ConnectOptions } from './redis-client.ts';
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

/** Where a connection leads: an address that ioredis reads, or options. */
type Target = { url: string } | { options: Omit<RedisOptions, 'replyMapping'> };

/**
 * Opens a connection. It reconnects for ever, within a second of Redis coming back, and also where
 * the server is no master any more: the same target may lead to the new one. Then a command that
 * fails on an outage fails, and one that waits is sent again.
 */
export function openRedis(target: Target, onOutage: OnOutage, { onError, ...options }: ConnectOptions): Redis {
  const Client = onOutage === 'fail' ? ImpatientRedis : Redis;
  const own: Omit<RedisOptions, 'replyMapping'> = {
    ...patienceFor[onOutage],
    ...options,
    retryStrategy: (times: number) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
    reconnectOnError(error) {
      if (!isDemoted(error)) return false;
      onError(error);
      return onOutage === 'fail' ? 1 : 2;
    },
  };
  const redis = 'url' in target ? new Client(target.url, own) : new Client({ ...own, ...target.options });
  redis.on('error', onError);
  const atEnd = onOutage === 'fail' ? process.nextTick : setImmediate;
  redis.on('connect', () => writeTogether(redis.stream, atEnd));
  return redis;
}
