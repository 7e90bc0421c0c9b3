/** What runs report, for those who count it. */
import type { Author, Usage } from '../../src/job/snapshot.ts';
import { parseReason, type ProblemCode } from '../../src/job/problem.ts';
import type { CapabilityName } from '../../src/kinds/kind.ts';
import type { EndedCall } from '../capabilities.ts';

/** Why a job did not end with a run of it. */
export type AgainReason = 'retry' | 'put_off' | 'stalled';

/** Takes what happens to jobs in this process. None of its methods throws. */
export type RunEvents = {
  /** A run begins. `waitMs`: since the job could begin; undefined where nobody has noted that. */
  started(kind: string, waitMs: number | undefined): void;
  /**
   * A job has ended here. `runMs`: how long its last run took,
   * if it ended with a run. `code`: why it has failed.
   */
  ended(kind: string, end: { outcome: 'completed' } | { outcome: 'failed'; code: ProblemCode }, runMs?: number): void;
  /** A job will run again. */
  again(kind: string, what: AgainReason, code: ProblemCode): void;
  /** An item was written. `firstMs`: since the run began, if it is the job's first one. */
  item(kind: string, firstMs: number | undefined): void;
  /** A call of a vendor is over. */
  called(capability: CapabilityName, call: EndedCall): void;
  /** What a call has used is known. */
  used(kind: string, capability: CapabilityName, author: Author, usage: Usage): void;
};

/** Counts nothing. */
export const NO_RUN_EVENTS: RunEvents = { started() {}, ended() {}, again() {}, item() {}, called() {}, used() {} };

/** The end of a job whose record can't be read. */
export const UNREADABLE_END = { outcome: 'failed', code: 'internal_error' } as const;

/** BullMQ's job after a run of it. `finishedOn`: there if the job has ended. */
type RunJob = { name: string; processedOn?: number; finishedOn?: number; failedReason: string };

/**
 * Reports that a run is over: its job has completed, has failed, or is tried again. `how`: how the run
 * ended; a job that has completed still has the reason why an attempt before had failed.
 */
export function reportEnd(events: RunEvents, job: RunJob, how: 'completed' | 'failed'): void {
  const { name, finishedOn, failedReason } = job;
  const runMs = runMsOf(job);
  if (how === 'completed') return events.ended(name, { outcome: 'completed' }, runMs);
  const { code } = parseReason(failedReason);
  if (finishedOn === undefined) events.again(name, 'retry', code);
  else events.ended(name, { outcome: 'failed', code }, runMs);
}

/** How long the last run of a job that has ended took, in ms. */
export function runMsOf({ processedOn = 0, finishedOn = processedOn }: Pick<RunJob, 'processedOn' | 'finishedOn'>): number {
  return Math.max(finishedOn - processedOn, 0);
}
