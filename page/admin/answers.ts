/** What the routes of operators answer, as far as the page shows it. Times are RFC 3339. */
import type { Problem } from '../../client/src/problem.ts';
import type { Usage } from '../../client/src/shapes.ts';
import type { Delivery } from '../deliveries.ts';

/** What is paused. */
export type Pause = { scope: 'all' | 'kind' | 'provider'; name?: string; reason?: string; since: string; until?: string };

/** Jobs of a kind, or of all, by state. */
export type Depth = { waiting: number; active: number; delayed: number };

/** The statistics of the queue. */
export type Stats = {
  counts: Depth;
  lanes: Record<string, Depth & { concurrency: number }>;
  workers: number;
  concurrency: number;
  perMinute: { completed: number; failed: number };
  pauses?: Pause[];
  archive?: { parked: number };
  notifications: { failed: number };
  clocksOff?: { process: string; aheadMs: number }[];
  modelEnds?: { model: string; date: string }[];
};

/** Whether the API is ready. */
export type Ready = { warnings?: string[] };

/** How often what went wrong. */
export type ErrorSums = { failed: number; retried: number; putOff: number };

/** Errors that are alike. */
export type ErrorGroup = {
  code: string;
  title: string;
  kind?: string;
  provider?: string;
  model?: string;
  lastFiveMinutes: ErrorSums;
  lastHour: ErrorSums;
  jobId: string;
};

/** A worker. */
export type Worker = {
  id: string;
  name: string;
  version: string;
  live: boolean;
  seenAt: string;
  concurrency: number;
  kinds: { kind: string; available: boolean; provider?: string }[];
  active?: number;
  loopAgeMs?: number;
  lastJob?: { jobId: string; at: string };
  quiet: boolean;
};

/** A job in a list. */
export type FoundJob = {
  jobId: string;
  kind: string;
  state: string;
  userId?: string;
  attempt: number;
  maxAttempts: number;
  createdAt: string;
  since?: string;
  waitMs?: number;
  startedAt?: string;
  finishedAt?: string;
  worker?: string;
  provider?: string;
  model?: string;
  retryAt?: string;
  error?: Problem;
  usage?: Usage;
};

/** A row of a job's journal, without what is in it. */
export type JournalRow = {
  seq: number;
  type: 'progress' | 'item' | 'child' | 'attempt';
  attempt: number;
  bytes?: number;
  list?: string;
  stage?: string;
  code?: string;
  itemsKept?: number;
  child?: { jobId: string };
};

/** The whole way of one job. */
export type InspectedJob = FoundJob & {
  requestId?: string;
  traceId?: string;
  parent?: string;
  child?: string;
  expiresAt?: string;
  attempts: { attempt: number; endedBy?: string }[];
  setbacks: { putOffs: number; lost: number; givenBack: number; retries: number };
  lockMs?: number;
  calls: Usage[];
  journal: { rows: number; shown: JournalRow[] };
  deliveries: Delivery[];
  archive?: { code: string; at: string };
  followers: number;
  input?: unknown;
};

/** What went nowhere. */
export type Letter = { id: string; type: string; jobId: string; code: string; at?: string; kind?: string; userId?: string; replay: string };

/** What operators have set for a user. */
export type UserTerms = {
  userId: string;
  blocked: boolean;
  weight?: number;
  maxJobs?: number;
  reason?: string;
  by?: string;
  since?: string;
  until?: string;
  openJobs?: number;
  runId?: string;
};

/** What an operator has done. */
export type LoggedAction = {
  id: string;
  at: string;
  by: string;
  what: string;
  scope: string;
  reason?: string;
  result: string;
  counts?: Record<string, number>;
};

/** Many jobs that are retried, cancelled or erased. */
export type BulkRun = {
  runId: string;
  action: BulkKind;
  scope: string;
  state: 'ready' | 'running' | 'done';
  count: number;
  processed: number;
  done: number;
  skipped?: number;
  price: { usd: number; known: boolean };
  more?: boolean;
};

/** What can be done with many jobs. */
export type BulkKind = 'retry' | 'cancel' | 'purge';

/** A page of a list. */
export type PageOf<Name extends string, Item> = Record<Name, Item[]> & { more: boolean; nextCursor?: string };
