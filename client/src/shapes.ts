/** What a job and its events look like, whatever the kind. Printed by scripts/print-client-types.ts; do not change it here. */
import type { Problem } from './problem.ts';

/** What a job has used. What a provider does not bill is 0 or absent. */
export type Usage = {
  /** Tokens that went to a model. */
  inputTokens: number;
  /** Tokens that a model wrote. */
  outputTokens: number;
  /** Characters that were spoken. */
  characters?: number | undefined;
  /** Seconds of sound. */
  seconds?: number | undefined;
  /** Images that were read. */
  images?: number | undefined;
  /** What it costs, in US dollars, where the price is known. */
  costUsd?: number | undefined;
  /** Whether some of it is an estimate. */
  estimated?: boolean | undefined;
  /** How many items of models' answers were not usable. Absent if none. */
  dropped?: number | undefined;
};

/** How far a job is. */
export type Progress = {
  /** Of the whole job. It never falls. */
  percent: number;
  /** What is being done. */
  stage: string;
  /** How many items are finished. */
  items: number;
};

/** There while the job waits because an operator has paused its kind, its provider or all jobs. */
export type PausedBy = {
  /** Why, in the words of the operator. */
  reason?: string | undefined;
  /** Since when. */
  since: string;
  /** When it ends by itself. */
  until?: string | undefined;
};

/** A job. What has no value is absent, never null; times are in UTC (RFC 3339). */
export type AnyJobObject = {
  /** The id. It is hard to guess, and safe in an address. */
  jobId: string;
  /** The kind of job. */
  kind: string;
  /** `queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are ends. */
  status: 'queued' | 'waiting' | 'active' | 'completed' | 'failed' | 'cancelled';
  progress?: Progress | undefined;
  /** Which attempt runs or ran last, from 1. A lost worker counts as an attempt, too. */
  attempt?: number | undefined;
  /** How often the job is tried. */
  maxAttempts: number;
  /** Its place in the queue while it waits; 1 is next. */
  position?: number | undefined;
  /** In how many seconds it will have ended, where that can be estimated. */
  etaSeconds?: number | undefined;
  /** When the next attempt is due, between two attempts. */
  retryAt?: string | undefined;
  paused?: PausedBy | undefined;
  /** When it was submitted. */
  createdAt: string;
  /** When it began to run. */
  startedAt?: string | undefined;
  /** When it is cancelled, if it has not ended by then. */
  cancelAt?: string | undefined;
  /** When it was asked to cancel it. */
  cancelRequestedAt?: string | undefined;
  /** When it ended. */
  finishedAt?: string | undefined;
  /** Until when it is kept, at least. */
  expiresAt?: string | undefined;
  /** Why it failed. */
  error?: Problem | undefined;
  usage?: Usage | undefined;
  /** Who gave the answer. */
  provider?: string | undefined;
  /** By which model. */
  model?: string | undefined;
  /** The fields of the submission that are not known, such as misspelt ones: 20 names at most. */
  ignored?: string[] | undefined;
  /** Where the job is as JSON. Where an identity is needed it has a token. */
  statusUrl: string;
  /** Where the events of the job are, with a token. */
  streamUrl: string;
  /** Where the job is cancelled (POST). */
  cancelUrl: string;
};

/** The status of the job now. It is a hint without an id, and is not sent again. Only the first one of a stream that was opened by POST has an id, 0: a client that reconnects shows by it that it does. */
export type StatusEvent = {
  type: 'status';
  status: 'waiting' | 'active' | 'completed' | 'failed' | 'cancelled';
  /** The attempt that it belongs to. */
  attempt?: number | undefined;
  /** When the next attempt is due, between two attempts. */
  retryAt?: string | undefined;
  /** Its place in the queue; 1 is next. */
  position?: number | undefined;
  /** In how many seconds it will have ended, where that can be estimated. */
  etaSeconds?: number | undefined;
  paused?: PausedBy | undefined;
  /** In the first frame after a POST: the fields of the submission that are not known. */
  ignored?: string[] | undefined;
};

/** A stage was reached. `percent` is of the whole job, and never falls. */
export type ProgressEvent = {
  type: 'progress';
  percent: number;
  /** The stage that was reached. */
  stage: string;
};

/** The job has led to another one. */
export type ChildEvent = {
  type: 'child';
  child: {
    /** The other job. */
    jobId: string;
    /** Where it is as JSON. */
    statusUrl: string;
    /** Where its events are. */
    streamUrl: string;
  };
};

/** The job starts again. Items are kept, and their numbers go on. */
export type AttemptEvent = {
  type: 'attempt';
  /** The attempt that it belongs to. */
  attempt: number;
  /** How many finished items are kept. */
  itemsKept: number;
  /** Why the attempt before ended. */
  code: string;
};

/** Drop everything of this job: all events are sent again, from the first. It has no id. */
export type ResetEvent = { type: 'reset' };

/** Everything that was missed has been sent; what comes next is new. It has no id. */
export type LiveEvent = { type: 'live' };

/** The end: the job has its result. It counts more than the items before it. */
export type AnyCompletedEvent = { type: 'completed'; usage?: Usage | undefined };

/** The end: the job has failed. */
export type FailedEvent = { type: 'failed'; error: Problem; usage?: Usage | undefined };

/** The end: the job was cancelled. What it has used is known a little later, and in its status. */
export type CancelledEvent = { type: 'cancelled' };
