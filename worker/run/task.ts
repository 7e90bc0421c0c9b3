/** A task: a job as it is handed to a run. */
import type { ProblemCode } from '../../src/job/problem.ts';
import type { Tenant } from '../../src/job/tenant.ts';
import type { Targets } from '../../src/job/record.ts';
import type { StoredInput } from '../../src/kinds/input-versions.ts';
import type { RunLog } from './run-log.ts';
import type { RunSpan } from './run-span.ts';

/** A job as it is handed to a run. */
export type Task = StoredInput & {
  id: string;
  kind: string;
  /** Whose it is. */
  tenant: Tenant;
  owner?: string | undefined;
  /** Where its end is told, and that of a job that it leads to. */
  targets?: Targets | undefined;
  /** The request that it was submitted with. */
  requestId: string;
  /** What was reserved for it, and for the job that it leads to. */
  reserved?: string | undefined;
  /** The job that it comes of. */
  parent?: string | undefined;
  /** What its lines in the log are written by. */
  log: RunLog;
  /** What a trace is told of it by. */
  span: RunSpan;
  /** BullMQ's lock token of this run. */
  token: string;
  /** The attempt's number, counted from 1. Lost workers count. */
  attempt: number;
  /** Whether the job was never started before, so that there is nothing to read of it. */
  fresh: boolean;
  /** Why the attempt before ended, if there was one. */
  previous: ProblemCode;
  /** Aborts when the run has to stop. */
  signal: AbortSignal;
  /** Aborts the signal, for this reason. */
  stop(reason: unknown): void;
};

/** Whose run it is. `token`: what a write is checked by. */
export type RunRef = Pick<Task, 'id' | 'tenant' | 'token'>;
