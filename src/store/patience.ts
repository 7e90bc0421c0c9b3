/** How long commands wait for Redis, by the use of their connection. */
import type { RedisOptions } from 'ioredis';

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
export const SILENCE_MS = 750;

/**
 * `socketTimeout`: a connection on which a command waits, and on which no byte comes for so long,
 * is given up, and another one is opened. A host that is gone, or a NAT entry that was dropped,
 * sends no FIN and no RST: TCP itself gives up only after some 15 minutes.
 */
export const patienceFor: Record<OnOutage, Omit<RedisOptions, 'replyMapping'>> = {
  fail: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: SILENCE_MS, connectTimeout: 2000, socketTimeout: 3000 },
  wait: { maxRetriesPerRequest: null, connectTimeout: 5000, socketTimeout: 5000 },
  block: { maxRetriesPerRequest: null, connectTimeout: 5000, socketTimeout: BLOCK_MS + 5000 },
};

/** What a connection for commands that wait for news has beside its pattern's options. */
export const BLOCKING = patienceFor.block;

/**
 * How often a command follows a cluster's redirections, or is sent again because its node is gone.
 * A failover takes some seconds, and many of both.
 */
export const REDIRECTIONS: Record<OnOutage, number> = { fail: 16, wait: Infinity, block: Infinity };

/** The pause before the n-th attempt in turn to connect, in ms. */
export function pauseBeforeConnecting(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 5), 1000);
}
