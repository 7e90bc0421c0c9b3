/** Settles a job whose attempt did not end well: carries out what the retry policy has decided. */
import { parseReason } from '../../src/job/problem.ts';
import type { FairQueue } from '../../src/jobs/fair-queue.ts';
import type { Journal, LockLostError } from './journal.ts';
import type { Payload } from '../../src/job/record.ts';
import { momentIn } from '../../src/store/redis-time-backend.ts';
import type { RunCounters } from './run-counters.ts';
import type { Store } from '../../src/store/store.ts';
import { decide, NotAssignedError, type Outcome } from './retry-policy.ts';

/** An attempt that has ended with an error. `job`: what is needed of BullMQ's job. */
export type EndedAttempt = {
  job: {
    name: string;
    data: Pick<Payload, 'tenant' | 'input'>;
    attemptsMade: number;
    /** Why the attempt before has failed, as BullMQ keeps it. */
    failedReason?: string;
    priority: number;
    moveToDelayed(readyAt: number, token: string): Promise<void>;
    moveToWait(token: string): Promise<unknown>;
  };
  id: string;
  token: string;
  journal: Journal;
  counted: RunCounters;
};

/** What has become of the job: it is delayed or waits again, it fails for good, or this error ends the attempt. */
export type Settled = { type: 'delayed' } | { type: 'waiting' } | { type: 'failed'; reason: string } | { type: 'error'; error: Error };

/** What settling needs. */
export type SettleDeps = {
  fairQueue: FairQueue;
  store: Store;
  /** Whether any worker can do a kind with an input, or could while the registry remembers it. */
  isDone: (kind: string, input: unknown) => Promise<boolean>;
  /** The longest pause before the first retry, in ms. */
  backoffMs: number;
  /** A job is put off. */
  onPutOff: () => void;
  /** How long BullMQ is to wait before the next attempt, in ms, when it gets this error. It will ask for it. */
  onPause: (error: Error, ms: number) => void;
};

/** Makes the function that settles an attempt. It resolves with what BullMQ has to be told. */
export function createSettle({
  fairQueue,
  store,
  isDone,
  backoffMs,
  onPutOff,
  onPause,
}: SettleDeps): (attempt: EndedAttempt, error: unknown) => Promise<Settled> {
  const decideOn = async ({ job, counted }: EndedAttempt, error: unknown): Promise<Outcome> => {
    const doneElsewhere = error instanceof NotAssignedError && (await isDone(job.name, job.data.input));
    const badBefore = job.attemptsMade > 0 && parseReason(job.failedReason ?? '').code === 'provider_bad_answer';
    return decide(error, { attemptsMade: job.attemptsMade + 1, putOffs: await counted.putOffs(), backoffMs, doneElsewhere, badBefore });
  };

  return async (attempt, error) => {
    const { job, id, token, journal, counted } = attempt;
    const outcome = await decideOn(attempt, error);
    if (outcome.type === 'lost') return { type: 'error', error: error as LockLostError }; // BullMQ refuses everything that this run does to the job
    await journal.checkLock(); // the writes that follow do not check the lock themselves
    await counted.returned();
    const afterMs = 'afterMs' in outcome ? outcome.afterMs : 0;
    const delay = async (): Promise<Settled> => {
      await job.moveToDelayed(momentIn(afterMs), token);
      return { type: 'delayed' };
    };
    const served = (): void => void fairQueue.served(job.priority).catch(() => {}); // a lost update only makes the order less exact
    const requeue = () => store.retryWhileRefused(() => fairQueue.requeue(id, job.data.tenant, afterMs));
    switch (outcome.type) {
      case 'hand-back':
        await journal.markReady(store.clock.now());
        await job.moveToWait(token);
        return { type: 'waiting' };
      case 'give-back':
        return delay();
      case 'fail':
        served();
        return { type: 'failed', reason: outcome.problem.message };
      case 'retry':
        served();
        await requeue();
        onPause(outcome.problem, outcome.afterMs);
        return { type: 'error', error: outcome.problem };
      case 'put-off':
        onPutOff();
        await requeue();
        await counted.putOff(outcome.problem.code, outcome.counts);
        return delay();
      default:
        return outcome satisfies never;
    }
  };
}
