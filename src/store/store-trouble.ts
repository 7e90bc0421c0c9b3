/** Trouble of Redis itself, told apart from errors of the code that uses it. */
import { OwnError } from '../job/own-error.ts';
import { isUntrusted } from './store-tls.ts';

/**
 * What is wrong with Redis. `away`: it is out of reach or silent; `why` is a
 * sentence for operators, where there is more to say. Else it is
 * the first word of its reply: it answers, and refuses. A refused command or
 * script has changed nothing: Redis checks before a script's first write.
 * `CERTIFICATE` is our own word: this process does not trust the server.
 */
export type StoreTrouble = { type: 'away'; why?: string } | { type: 'refuses'; code: string };

/**
 * Replies by which Redis says that it can't do anybody's work now: it
 * is full, read-only, loading, failing over, or does not let us in.
 */
const REFUSALS = /^(OOM|MISCONF|NOREPLICAS|READONLY|MASTERDOWN|LOADING|BUSY|UNBLOCKED|CLUSTERDOWN|TRYAGAIN|NOAUTH|WRONGPASS|NOPERM)(?: |$)/;

/** Replies of a server that is not the master any more. Another connection may lead to the new one. */
const DEMOTED = /^(READONLY|MASTERDOWN|UNBLOCKED) /;

const AWAY = /^(Command timed out|Socket timeout|Connection is closed|Stream isn't writeable)|ECONNREFUSED/;

/**
 * What ioredis says of a cluster in which it finds no node to send a command to, and what
 * a node says of a script that it stopped because the slot is on its way to another node.
 */
const CLUSTER_AWAY =
  /^(Too many Cluster redirections|Cluster isn't ready|Cluster is (ended|disconnect)|Failed to refresh slots cache|None of startup nodes)|non local key in a cluster/;

const AWAY_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** Errors of ours whose message says why Redis is away. */
const EXPLAINED: ReadonlySet<string> = new Set(['SentinelsError']);
const AWAY_NAMES: ReadonlySet<string> = new Set(['MaxRetriesPerRequestError', 'AbortError', 'ConnectionClosedError']);

/** Reads an error of a Redis client or of BullMQ; undefined if Redis is not what is wrong. */
export function storeTrouble(error: unknown): StoreTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = isUntrusted(error) ? 'CERTIFICATE' : REFUSALS.exec(error.message)?.[1];
  if (code !== undefined) return { type: 'refuses', code };
  if (EXPLAINED.has(error.name)) return { type: 'away', why: error.message };
  if (error instanceof OwnError) return undefined; // it may quote such an error
  const away = AWAY_NAMES.has(error.name) || [AWAY, CLUSTER_AWAY].some((words) => words.test(error.message));
  return away || AWAY_CODES.has((error as { code?: unknown }).code) ? { type: 'away' } : undefined;
}

/** Trouble of one node of a cluster, with its cause. Whether it concerns our keys a write can tell. */
export class NodeError extends Error {}

/** Whether a server says that it is no master any more. */
export function isDemoted(error: Error): boolean {
  return DEMOTED.test(error.message);
}

/** Whether Redis refused a command because the key has another type: others can write to Redis, too. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}

/** Makes the handler that resolves with `instead` where a key has another type than the command takes. */
export function ifWrongType<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (isWrongType(error)) return instead;
    throw error;
  };
}
