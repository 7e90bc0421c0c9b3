/**
 * BullMQ's backend for a worker: steps that Redis refuses are repeated, expired
 * locks are taken back, and the step that completes a job writes its result, too.
 */
import type { BackendFactory, RedisQueueBackend } from 'bullmq';
import type { RecordFields } from '../../src/job/record.ts';
import { backendFactory, type BackendParts, RedisTimeBackend } from '../../src/store/redis-time-backend.ts';
import { createTakeBack } from './announced-stop.ts';
import type { RunLocks } from './run-locks.ts';
import { FORGOTTEN_AT_ONCE } from '../../src/jobs/retention.ts';
import type { Store } from '../../src/store/store.ts';
import { createNoteWrites } from './write-watch.ts';

/** What the backend is made with. */
export type BackendOptions = {
  /** The worker's name. */
  name: string;
  locks: Pick<RunLocks, 'release' | 'retake' | 'retakeNow' | 'lockMs'>;
  /** How long a job's lock holds unless it is renewed, in ms. */
  lockDurationMs: number;
  /** The fields that the completion of this job has to write, if there are any. */
  fieldsOf: (job: object) => RecordFields | undefined;
  /** How much longer than usual the records of ended jobs are kept now, in s. */
  keptLongerS: () => number;
};

/**
 * The backend. BullMQ treats an error of a job's last step as an error of the job,
 * so one refusal would fail the job for good. Here such steps wait until Redis accepts
 * them. BullMQ's script for an end can write fields of the record: with them a job
 * completes and has its result in one step, or neither.
 */
class WorkerBackend extends RedisTimeBackend {
  readonly #store;
  readonly #options;
  readonly #noteWrites;
  readonly #takeBack;

  constructor(store: Store, options: BackendOptions, ...parts: BackendParts) {
    super(store.clock, ...parts);
    this.#store = store;
    this.#options = options;
    this.#takeBack = createTakeBack(store);
    this.#noteWrites = createNoteWrites(store, options.lockDurationMs);
  }

  override moveToFinishedArgs(...[job, value, field, keep, ...rest]: Parameters<RedisQueueBackend['moveToFinishedArgs']>) {
    const bounded =
      typeof keep === 'object' && 'age' in keep ? { age: keep.age + this.#options.keptLongerS(), limit: FORGOTTEN_AT_ONCE } : keep;
    return super.moveToFinishedArgs(job, value, field, bounded, ...rest);
  }

  override moveToCompletedArgs(...[job, value, keep, token, fetchNext]: Parameters<RedisQueueBackend['moveToCompletedArgs']>) {
    return this.moveToFinishedArgs(
      job,
      value,
      'returnvalue',
      keep,
      'completed',
      token,
      this.#store.clock.now(),
      fetchNext,
      nonEmpty(this.#options.fieldsOf(job)),
    );
  }

  override moveToCompleted(...args: Parameters<RedisQueueBackend['moveToCompleted']>) {
    const [{ id = '' }, , , token] = args;
    return this.#lastStep(id, token, () => super.moveToCompleted(...args));
  }

  override moveToFailed(...args: Parameters<RedisQueueBackend['moveToFailed']>) {
    const [{ id = '' }, , , token] = args;
    return this.#lastStep(id, token, () => super.moveToFailed(...args));
  }

  override moveToDelayed(...args: Parameters<RedisQueueBackend['moveToDelayed']>) {
    const [id, , , token] = args;
    return this.#lastStep(id, token, () => super.moveToDelayed(...args));
  }

  override retryJob(...args: Parameters<RedisQueueBackend['retryJob']>) {
    const [id, , token] = args;
    return this.#lastStep(id, token, () => super.retryJob(...args));
  }

  override moveJobFromActiveToWait(...args: Parameters<RedisQueueBackend['moveJobFromActiveToWait']>): Promise<unknown> {
    const [id, token] = args;
    return this.#lastStep<unknown>(id, token, () => super.moveJobFromActiveToWait(...args));
  }

  /**
   * Resolves with the jobs that are lost. It is not known of a
   * job whose lock Redis refuses to give back, and this rejects.
   */
  override async extendLocks(...[jobIds, tokens, duration]: Parameters<RedisQueueBackend['extendLocks']>) {
    const failed = await super.extendLocks(jobIds, tokens, Math.min(duration, this.#options.locks.lockMs));
    const kept = await Promise.all(failed.map((id) => this.#options.locks.retakeNow(id, tokens[jobIds.indexOf(id)] ?? '')));
    return failed.filter((_, n) => !kept[n]);
  }

  /**
   * Both commands are sent together: nothing can happen between them that
   * lets locks expire. The first call makes sure that Redis knows the script. Jobs whose worker
   * has announced its stop are taken back before they can be found stalled.
   */
  override async moveStalledJobsToWait() {
    await this.#noteWrites();
    const [, , stalled] = await Promise.all([this.#noteWrites(), this.#takeBack(), super.moveStalledJobsToWait()]);
    return stalled;
  }

  /** The last step of a run for its job. */
  async #lastStep<T>(id: string, token = '', step: () => Promise<T>): Promise<T> {
    const { locks } = this.#options;
    try {
      return await this.#store.retryWhileRefused(async () => {
        try {
          return await step();
        } catch (error) {
          if (!isLockMissing(error) || !(await locks.retake(id, token))) throw error;
          return step();
        }
      });
    } finally {
      locks.release(id, token);
    }
  }
}

/** Makes the factory of the backend over a connection that waits while Redis is away. */
export function createBackendFactory(store: Store, options: BackendOptions): BackendFactory<RedisQueueBackend> {
  return backendFactory(store, (...parts) => new WorkerBackend(store, options, ...parts), options);
}

/** Whether BullMQ refuses a step because the job has no lock (ErrorCode.JobLockNotExist). */
function isLockMissing(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === -2;
}

/** BullMQ's script fails half-way where it is given fields and there are none. */
function nonEmpty(fields: RecordFields = {}): RecordFields | undefined {
  return Object.keys(fields).length > 0 ? fields : undefined;
}
