/** Redis connections: what each use needs of patience, and scripts as typed functions. */
import { type Command, Redis, type RedisOptions } from 'ioredis';
import { ProblemError } from '../job/problem.ts';
import { isDemoted, storeTrouble } from './store-trouble.ts';

/**
 * What a connection's commands do while Redis is away. `fail` serves requests: a
 * command fails at once, and after 750 ms when Redis is silent, so that a client gets
 * its 503 within a second. `wait` serves work that has to go on later: its commands
 * wait for the connection to come back, as BullMQ demands of workers and readers.
 * `block` does the same for commands that wait for news, for {@link BLOCK_MS} at most.
 */
export type OnOutage = 'fail' | 'wait' | 'block';

/** How long a command may wait in Redis for news, in ms. */
export const BLOCK_MS = 3000;

/**
 * How long a command waits for a silent Redis, in ms, where
 * the address says nothing else (`?commandTimeout=`).
 */
const SILENCE_MS = 750;

/**
 * `socketTimeout`: a connection on which a command waits, and on which no byte comes for so long,
 * is given up, and another one is opened. A host that is gone, or a NAT entry that was dropped,
 * sends no FIN and no RST: TCP itself gives up only after some 15 minutes.
 */
const byOutage: Record<OnOutage, Omit<RedisOptions, 'replyMapping'>> = {
  fail: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: SILENCE_MS, connectTimeout: 2000, socketTimeout: 3000 },
  wait: { maxRetriesPerRequest: null, connectTimeout: 5000, socketTimeout: 5000 },
  block: { maxRetriesPerRequest: null, connectTimeout: 5000, socketTimeout: BLOCK_MS + 5000 },
};

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

/** What a connection for commands that wait for news has beside its pattern's options. */
export const BLOCKING = byOutage.block;

/**
 * Opens a connection that reconnects for ever, within a second of Redis coming back. Close it with
 * `disconnect()`. It also reconnects where the server is no master any more: the same address may lead
 * to the new one. Then a command that fails on an outage fails, and one that waits is sent again.
 */
export function connect(url: string, onOutage: OnOutage, onError: (error: Error) => void, options: { lazyConnect?: boolean } = {}): Redis {
  const redis = new (onOutage === 'fail' ? ImpatientRedis : Redis)(url, {
    ...byOutage[onOutage],
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
  redis.on('connect', () => writeTogether((redis as unknown as { stream: Socket }).stream, atEnd));
  return redis;
}

/** Where a connection's commands are written to: what is needed of a Node socket. */
type Socket = { cork(): void; uncork(): void; write(...chunk: unknown[]): boolean };

/**
 * Sends commands that come together in one write. ioredis writes them one by one, and each write is a
 * system call here and another one in Redis. Work waits for the end of the turn of the event loop,
 * for what other jobs write. Requests have been gathered by then (batch.ts), and the next turn would
 * be the one in which Redis works for them: their commands go at the end of the callback.
 */
function writeTogether(socket: Socket, atEnd: (callback: () => void) => void): void {
  const { write } = socket;
  let corked = false;
  const uncork = (): void => {
    corked = false;
    socket.uncork();
  };
  socket.write = (...chunk) => {
    if (!corked) {
      corked = true;
      socket.cork();
      atEnd(uncork);
    }
    return write.apply(socket, chunk);
  };
}

/** Resolves with whether a connection is ready within so many ms. */
export function readyWithin(redis: Redis, ms: number): Promise<boolean> {
  if (redis.status === 'ready') return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/**
 * What a submission is told of which nobody knows whether its
 * job was added: it is cancelled if it was.
 */
export function abandoned(jobId: string, cause: unknown): ProblemError {
  const detail =
    'The job queue did not answer in time. If the job was enqueued all the same, it is cancelled; submit it again in a few seconds.';
  return new ProblemError('queue_unavailable', detail, { retryAfterMs: RETRY_MS, jobId, cause });
}

/** When it is worth trying again, in ms. */
const RETRY_MS = 5000;

/** What a request is told while Redis is away or refuses. */
export function queueUnavailable(cause?: unknown, trouble = storeTrouble(cause)): ProblemError {
  const what = trouble?.type === 'refuses' ? `refuses commands (${trouble.code})` : 'is out of reach';
  return new ProblemError('queue_unavailable', `The job queue ${what} for the moment; try again in a few seconds.`, {
    retryAfterMs: RETRY_MS,
    cause,
  });
}
