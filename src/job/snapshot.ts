/** What happens to a job: the rows its journal keeps, and the events a client sees. */
import type { PausedBy } from './paused-by.ts';
import type { Problem, ProblemCode } from './problem.ts';
import type { Tenant } from './tenant.ts';
import type { TraceParent } from './trace-parent.ts';

/** What a job has used. What a vendor does not bill is 0 or absent. */
export type Usage = {
  inputTokens: number;
  outputTokens: number;
  /** Characters that were spoken. */
  characters?: number;
  /** Seconds of sound. */
  seconds?: number;
  /** Images that were read. */
  images?: number;
  /** Only if the price is known. */
  costUsd?: number;
  /** Whether some of it is an estimate. */
  estimated?: boolean;
  /** How many items of models' answers were not usable; absent if none. */
  dropped?: number;
};

/** Who gave an answer: the vendor, and its model where it has several. */
export type Author = { provider: string; model?: string };

/** A lasting row of a job's journal. Its position there, counted from 1, is its sequence number. */
export type Row =
  /** A stage was reached; `percent` is of the whole job and never falls. */
  | { type: 'progress'; attempt: number; percent: number; stage: string }
  /** An item of a list is finished and passed its schema. */
  | { type: 'item'; attempt: number; list: string; index: number; value: unknown; percent: number }
  /** The job has led to another one. */
  | { type: 'child'; attempt: number; child: { jobId: string } }
  /** The job starts over, keeping what is finished; `code` is why the attempt before ended. */
  | { type: 'attempt'; attempt: number; itemsKept: number; code: ProblemCode };

/** A row with its sequence number. */
export type JournalRow = Row & { seq: number };

/** How far a job is, in short: for clients that poll. */
export type Progress = { percent: number; stage: string; items: number };

/** What a status can be; `queued` only in the answer to a submission. */
export type JobStatus = 'waiting' | 'active' | 'completed' | 'failed' | 'cancelled';

/** How a job ended. */
export type Outcome =
  | { type: 'completed'; result: unknown; usage?: Usage | undefined }
  | { type: 'failed'; error: Problem; usage?: Usage | undefined }
  | { type: 'cancelled'; usage?: Usage | undefined };

/**
 * Who is notified of a job's end: the server at the submission's
 * `callbackUrl`, the phone with its `pushToken`, or both.
 */
export type Notifies = 'webhook' | 'push' | 'both';

/** What is known of a job at one moment. Times are ms since the epoch. */
export type Snapshot = {
  id: string;
  kind: string;
  /** The user it belongs to; nobody's where the submission named no user. */
  owner?: string | undefined;
  /** Whose limits it counts for: its owner's, or an address's. */
  tenant: Tenant;
  /** The kind of the job that it leads to. */
  next?: string | undefined;
  /** Who is notified of its end. */
  notifies?: Notifies | undefined;
  /** What is reserved for it of its tenant's budgets, as a retry reserves it again. */
  reserved?: string | undefined;
  /** The fields of its submission that its kind does not know. */
  ignored?: readonly string[] | undefined;
  /** The span of its submission. */
  traceparent?: TraceParent | undefined;
  status: JobStatus;
  /** Which attempt is running, or ran last; 0 before the first. A lost worker counts as one too. */
  attempt: number;
  maxAttempts: number;
  progress?: Progress | undefined;
  /** Place in the queue while waiting, 1 being next. */
  position?: number | undefined;
  /** While waiting between two attempts: when the next is due. */
  retryAt?: number | undefined;
  /** While waiting: the operator's pause for which it does not begin. */
  paused?: PausedBy | undefined;
  createdAt: number;
  startedAt?: number | undefined;
  /** When it is to be cancelled if it has not ended. */
  cancelAt?: number | undefined;
  cancelRequestedAt?: number | undefined;
  finishedAt?: number | undefined;
  /** Until when a finished job is kept, at least. */
  expiresAt?: number | undefined;
  /** Who gave the answer, and by which model. */
  provider?: string | undefined;
  model?: string | undefined;
  /** There once the job has ended: how, and the sequence number of its end. */
  end?: { seq: number; outcome: Outcome } | undefined;
  /** How many rows the journal holds (those before the end, if there is one). */
  length: number;
};
