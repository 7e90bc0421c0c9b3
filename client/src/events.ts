/** What happens to a job, as a client hears it. */
import type { Kinds } from './kinds.ts';
import type { Problem } from './problem.ts';

/** What a status can be. */
export type JobStatus = 'waiting' | 'active' | 'completed' | 'failed' | 'cancelled';

/** What a job has used. `costUsd`: only where the price is known. */
export type Usage = {
  inputTokens: number;
  outputTokens: number;
  characters?: number;
  seconds?: number;
  images?: number;
  costUsd?: number;
  estimated?: boolean;
};

/** The job that a job has led to. */
export type Child = { jobId: string; statusUrl: string; streamUrl: string };

/** A finished item of one of the lists of a kind. `index`: its place in the list, from 0. */
export type ItemEvent<Items> = Items extends unknown
  ? { [List in keyof Items & string]: { type: 'item'; list: List; index: number; value: Items[List] } }[keyof Items & string]
  : never;

/** An event of a job of one kind. */
export type JobEvent<Kind extends keyof Kinds = keyof Kinds> =
  /** How it stands now: a hint, which may come again. Position 1 is next; times are RFC 3339. */
  | { type: 'status'; status: JobStatus; attempt?: number; position?: number; etaSeconds?: number; retryAt?: string }
  | { type: 'progress'; percent: number; stage: string }
  | ItemEvent<Kinds[Kind]['items']>
  /** It starts over because of `code`, and keeps what is finished. */
  | { type: 'attempt'; attempt: number; itemsKept: number; code: string }
  | { type: 'child'; child: Child }
  /** Drop everything: it comes again from the start. */
  | { type: 'reset' }
  /** Everything that was missed has come. */
  | { type: 'live' }
  | { type: 'completed'; result: Kinds[Kind]['result']; usage?: Usage }
  | { type: 'failed'; error: Problem; usage?: Usage }
  | { type: 'cancelled'; usage?: Usage };

/** A job as the server shows it. Times are RFC 3339. */
export type JobObject<Kind extends keyof Kinds = keyof Kinds> = {
  jobId: string;
  kind: string;
  status: JobStatus | 'queued';
  progress?: { percent: number; stage: string; items: number };
  attempt?: number;
  maxAttempts: number;
  position?: number;
  etaSeconds?: number;
  retryAt?: string;
  createdAt: string;
  startedAt?: string;
  cancelAt?: string;
  cancelRequestedAt?: string;
  finishedAt?: string;
  expiresAt?: string;
  result?: Kinds[Kind]['result'];
  error?: Problem;
  usage?: Usage;
  provider?: string;
  model?: string;
  items?: { [list: string]: unknown[] };
  statusUrl: string;
  streamUrl: string;
  cancelUrl: string;
};

/** The events that end a job. */
export const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);
