/** Settles a job whose attempt did not end well: carries out what the retry policy has decided. */
import { parseReason, type ProblemCode } from '../../src/job/problem.ts';
import type { Doers } from '../../src/jobs/doers.ts';
import type { FairQueue } from '../../src/jobs/fair-queue.ts';
import type { StoredInput } from '../../src/kinds/input-versions.ts';
import type { Journal, LockLostError } from './journal.ts';
import type { Payload } from '../../src/job/record.ts';
import { momentIn } from '../../src/store/redis-time-backend.ts';
import type { RunCounters } from './run-counters.ts';
import type { RunEvents } from './run-events.ts';
import type { Store } from '../../src/store/store.ts';
import { type Decision, decide, NewerInputError, NotAssignedError } from './retry-policy.ts';
import type { SpacedPickups } from './spaced-pickups.ts';

/** An attempt that has ended with an error. `job`: what is needed of BullMQ's job. */
export type EndedAttempt = {
  job: {
    name: string;
    data: Pick<Payload, 'tenant'> & StoredInput;
    attemptsMade: number;
    attemptsStarted: number;
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
  /** The fair queue of the job's lane. */
  fairQueue: FairQueue;
};

/**
 * What has become of the job: it is delayed or waits again, it fails for good, or this
 * error ends the attempt. `pauseMs`: how long BullMQ is to wait before the next attempt.
 */
export type SettleResult =
  | { type: 'delayed'; putOff?: ProblemCode }
  | { type: 'waiting' }
  | { type: 'failed'; reason: string }
  | { type: 'error'; error: Error; pauseMs?: number };

/** What settling needs. */
export type SettleOptions = {
  store: Store;
  /** Tells who could do a job of a kind, as far as the registry knows. */
  findDoers: (kind: string, stored: StoredInput) => Promise<Doers>;
  /** Spaces out when jobs that can't run in this worker are picked up again. */
  pickups: SpacedPickups;
  /** The longest pause before the first retry, in ms. */
  backoffMs: number;
  /** Takes what happens, to count it. */
  events?: RunEvents | undefined;
};

/** Who does a job that is not to be given back. */
const NOBODY: Doers = { who: 'nobody', workers: 0 };

/** Makes the function that counts that a job is given back which has not begun. */
export function createCountGiveBack(store: Store) {
  return store.script(new URL('scripts/give_back.lua', import.meta.url), { keys: ['job'], args: ['starts'] });
}

/** Makes the function that settles an attempt. It resolves with what BullMQ has to know. */
export function createSettle(options: SettleOptions): (attempt: EndedAttempt, error: unknown) => Promise<SettleResult> {
  const { store, findDoers, pickups, backoffMs } = options;
  const countGiveBack = createCountGiveBack(store);
  const decideOn = async ({ job, counted }: EndedAttempt, error: unknown, { who: doers }: Doers): Promise<Decision> => {
    const badBefore = job.attemptsMade > 0 && parseReason(job.failedReason ?? '').code === 'provider_bad_answer';
    const [putOffs, givenBack] = await counted.returns();
    return decide(error, { attemptsMade: job.attemptsMade + 1, putOffs, backoffMs, doers, givenBack, badBefore });
  };

  return async (attempt, error) => {
    const { job, id, token, journal, counted, fairQueue } = attempt;
    const isOthers = error instanceof NotAssignedError || error instanceof NewerInputError;
    const doers = isOthers ? await findDoers(job.name, job.data) : NOBODY;
    const decision = await decideOn(attempt, error, doers);
    if (decision.type === 'lost') return { type: 'error', error: error as LockLostError }; // BullMQ refuses all that this run does to the job
    await journal.checkLock(); // the writes that follow do not check the lock themselves
    await counted.returned();
    const delay = (afterMs: number) => job.moveToDelayed(momentIn(afterMs), token);
    const requeue = (afterMs: number) => store.retryWhileRefused(() => fairQueue.requeue(id, job.data.tenant, afterMs));
    switch (decision.type) {
      case 'hand-back':
        await journal.markReady(store.clock.now());
        await job.moveToWait(token);
        return { type: 'waiting' };
      case 'give-back':
        await store.retryWhileRefused(() => countGiveBack({ job: store.keys.job(id), starts: job.attemptsStarted }));
        await job.moveToDelayed(decision.spaced ? pickups.next(decision.afterMs, doers.workers) : momentIn(decision.afterMs), token);
        return { type: 'delayed' };
      case 'fail':
        noteServed(fairQueue, job);
        return { type: 'failed', reason: decision.problem.message };
      case 'retry':
        noteServed(fairQueue, job);
        await requeue(decision.afterMs);
        return { type: 'error', error: decision.problem, pauseMs: decision.afterMs };
      case 'put-off':
        await requeue(decision.afterMs);
        await counted.putOff(decision.problem.code, decision.counts);
        await delay(decision.afterMs);
        options.events?.again(job.name, 'put_off', decision.problem.code);
        return { type: 'delayed', putOff: decision.problem.code };
      default:
        return decision satisfies never;
    }
  };
}

/** Notes that a job was served. A note that is lost only makes the order less exact. */
export function noteServed(fairQueue: FairQueue, { priority }: { priority: number }): void {
  void fairQueue.served(priority).catch(() => {});
}
