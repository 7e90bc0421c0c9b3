/** What every handler finds in its context, and what the app is made with. */
import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { Kind } from '../kinds/kind.ts';
import type { JobQueue } from '../queue/queue.ts';
import type { RateLimit, RatePolicy } from '../queue/rate-limit.ts';
import type { Submissions } from '../queue/submissions.ts';
import type { StoreTrouble } from '../queue/store-trouble.ts';
import type { Connections } from '../stream/connections.ts';
import type { Feed } from '../stream/feed.ts';
import type { Transport } from '../stream/response.ts';
import type { UserFeed } from '../stream/user-feed.ts';
import type { StreamTokens } from './stream-token.ts';

/** Hono's environment: the variables that middleware sets. */
export type AppEnv = {
  Variables: {
    /** The request's id, its own or made here; on the answer and in every log line. */
    requestId: string;
    /** Who calls, as far as the request's headers say. */
    user?: string;
  };
};

/** What the app stands on; nothing here knows a process or a port. */
export type AppDeps = {
  /** The kinds that can be submitted. */
  kinds: readonly Kind[];
  queue: JobQueue;
  feed: Feed;
  userFeed: UserFeed;
  connections: Connections;
  /** How streams reach their clients on this runtime. */
  transport: Transport;
  tokens: StreamTokens;
  /** The policy for all that asks for work. */
  submissions: Submissions;
  /** What submissions are limited to, as clients are told; and the limit that reads are held to. */
  limits: { submit: RatePolicy; read: RateLimit };
  /** The network address a request came from, where it is known. */
  addressOf: (c: Context) => string | undefined;
  log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Whether the process is about to stop: no new stream is begun. */
  draining: () => boolean;
  /** Whether events are read: without them streams are late. */
  listening: () => boolean;
  /** Writes to Redis, once a second at most, and resolves with what is wrong with it. */
  storeTrouble: () => Promise<StoreTrouble | undefined>;
  /** What an operator shows to act on everybody's jobs; without one nobody may. */
  adminToken: string | undefined;
  /** Origins of web pages that may call; `*` for any. */
  corsOrigins: string[];
  /** Whether every request must say who it is from, by a header that can be trusted. Where not, a body's `userId` may say it too. */
  identityRequired: boolean;
  /** The host names this server answers to, beside IP addresses and localhost; undefined for any. */
  hosts: string[] | undefined;
};
