/** Takes a job that BullMQ gave to this worker: counts its lost workers, isolates it, runs it and settles how it went. */
import type { Logger } from 'pino';
import { parseReason, type ProblemCode } from '../../src/job/problem.ts';
import { createFairQueue } from '../../src/jobs/fair-queue.ts';
import { createJournals, type Journal, LockLostError } from './journal.ts';
import type { Payload, RecordFields } from '../../src/job/record.ts';
import { momentIn } from '../../src/store/redis-time-backend.ts';
import { createRunCounters } from './run-counters.ts';
import type { RunLocks } from './run-locks.ts';
import type { Store } from '../../src/store/store.ts';
import { createIsolation } from './isolation.ts';
import { createSettle, type EndedAttempt, type Settled, type SettleDeps } from './settle.ts';
import type { Task } from './task.ts';

/** BullMQ's job, as far as it is needed. */
export type TakenJob = EndedAttempt['job'] & {
  data: Payload;
  attemptsStarted: number;
  stalledCounter: number;
  failedReason: string;
  timestamp: number;
};

/** A job with what BullMQ gave along. `stop` aborts the signal. */
export type Taken = { job: TakenJob; id: string; token: string } & Pick<Task, 'signal' | 'stop'>;

/** What has become of the job: it can be completed, which has to write these fields, or what settling says. */
export type Outcome = { type: 'done'; fields: RecordFields } | Settled;

/** What taking jobs needs. */
export type TakeJobDeps = Pick<SettleDeps, 'isDone' | 'backoffMs' | 'onPause'> & {
  store: Store;
  locks: Pick<RunLocks, 'hold' | 'retake'>;
  /** Runs a job. Resolves with the fields that its completion has to write. */
  run: (task: Task, journal: Journal) => Promise<RecordFields>;
  /** The jobs that run here. */
  running: Set<string>;
  counters: { started: number; putOff: number };
  maxStalledCount: number;
  /** How much of what runs have written is remembered, in bytes. */
  journalMemoryBytes?: number | undefined;
  /** The limiter's rate. */
  rate: { max: number; duration: number };
  log: Logger;
};

/** The reason of a job that has lost its workers too often. */
const WORKER_LOST = 'worker_lost: The workers that ran this job were lost each time; it was not tried again.';

/** How soon a job that can't run now is picked up again, in ms, at the earliest. */
const NOT_NOW_MS = 300;

/** Makes the function that takes a job. It rejects only where the job is not this worker's any more, or Redis fails. */
export function createTakeJob(deps: TakeJobDeps): (taken: Taken) => Promise<Outcome> {
  const { store, locks, run, running, counters, maxStalledCount, log } = deps;
  const journals = createJournals(store, { retake: locks.retake, memoryBytes: deps.journalMemoryBytes });
  const fairQueue = createFairQueue(store);
  const runCounters = createRunCounters(store);
  const isolation = createIsolation(maxStalledCount);
  const notNow = createNotNow(deps.rate);
  const settle = createSettle({ ...deps, fairQueue, onPutOff: () => counters.putOff++ });

  return async ({ job, id, token, signal, stop }) => {
    const counted = runCounters(id, job.stalledCounter);
    const losses = job.stalledCounter === 0 ? 0 : await counted.losses();
    if (losses > maxStalledCount) return { type: 'failed', reason: WORKER_LOST };
    // An old run of this job that was thought lost may still go on here. Its end would stop the renewal of the new run's lock.
    if (running.has(id) || !isolation.admit({ id, losses })) {
      await job.moveToDelayed(notNow(), token);
      return { type: 'delayed' };
    }
    counters.started++;
    running.add(id);
    locks.hold(id, { token, started: job.attemptsStarted, stalls: job.stalledCounter });
    const task = toTask(job, { id, token, signal, stop });
    const { requestId, tenant } = job.data;
    log.info({ jobId: id, requestId, attempt: task.attempt, waitedMs: store.clock.now() - job.timestamp }, 'job started');
    const journal = journals({ jobId: id, tenant, token });
    try {
      if (job.stalledCounter > 0) await counted.started();
      const fields = await run(task, journal);
      void fairQueue.served(job.priority).catch(() => {}); // a lost update only makes the order less exact
      return { type: 'done', fields };
    } catch (error) {
      const about = { jobId: id, requestId, attempt: task.attempt };
      if (error instanceof LockLostError) log.info(about, "the job is not this run's any more: it was cancelled, or another worker has it");
      else log.warn({ ...about, err: error }, 'job attempt ended');
      return await settle({ job, id, token, journal, counted }, error);
    } finally {
      running.delete(id);
      isolation.leave(id);
    }
  };
}

function toTask(job: TakenJob, own: Pick<Task, 'id' | 'token' | 'signal' | 'stop'>): Task {
  return {
    ...own,
    kind: job.name,
    tenant: job.data.tenant,
    owner: job.data.owner,
    targets: job.data.targets,
    reserved: job.data.reserved,
    requestId: job.data.requestId,
    parent: job.data.parent,
    input: job.data.input,
    attempt: 1 + job.attemptsMade + job.stalledCounter,
    fresh: job.attemptsStarted === 1,
    previous: previousEnd(job),
  };
}

/** Why the attempt before ended: for the reason that BullMQ kept, or because its worker was lost. */
function previousEnd({ failedReason }: TakenJob): ProblemCode {
  return failedReason ? parseReason(failedReason).code : 'worker_lost';
}

/** Makes the function that says when a job that can't run now is picked up again. Each pickup counts for the limiter, so few are made. */
function createNotNow({ max, duration }: TakeJobDeps['rate']): () => number {
  let next = 0;
  return () => (next = Math.max(momentIn(NOT_NOW_MS), next + (4 * duration) / max));
}
