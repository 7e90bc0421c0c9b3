/**
 * BullMQ's worker where moments are Redis': it renews the
 * locks of its jobs whatever its own process' clock says.
 */
import { LockManager, Worker } from 'bullmq';
import type { RedisTimeBackend } from './redis-time-backend.ts';

/** A worker over a backend by Redis' clock (redis-time-backend.ts). */
export class RedisTimeWorker<Data> extends Worker<Data> {
  protected override createLockManager(): void {
    const { lockRenewTime = 0, lockDuration = 0, name } = this.opts;
    const context = this as unknown as ConstructorParameters<typeof LockManager>[0]; // as BullMQ does it, whose types are looser
    const options = { lockRenewTime, lockDuration, workerId: this.id, ...(name !== undefined && { workerName: name }) };
    this.lockManager = new SteadyLocks(context, options, () => this.getBackend() as RedisTimeBackend);
  }
}

/** A moment that is long over by any clock. */
const LONG_AGO = -Infinity;

/**
 * Renews all locks every half of the renewal time. BullMQ renews a lock when the
 * process' clock is far enough past the job's `processedOn`: where that clock is behind,
 * or is set back, locks expired, and other workers took the jobs of runs that went on.
 */
class SteadyLocks extends LockManager {
  readonly #backend: () => Pick<RedisTimeBackend, 'onBegin' | 'onEnd'>;

  constructor(
    ...[worker, options, backend]: [...ConstructorParameters<typeof LockManager>, () => Pick<RedisTimeBackend, 'onBegin' | 'onEnd'>]
  ) {
    super(worker, options);
    this.#backend = backend;
  }

  override trackJob(...[jobId, token, , createsController]: Parameters<LockManager['trackJob']>): ReturnType<LockManager['trackJob']> {
    this.#backend().onBegin(jobId);
    return super.trackJob(jobId, token, LONG_AGO, createsController);
  }

  override untrackJob(jobId: string): void {
    super.untrackJob(jobId);
    this.#backend().onEnd(jobId);
  }

  protected override extendLocks(jobIds: string[]): Promise<void> {
    for (const id of jobIds) {
      const job = this.trackedJobs.get(id);
      if (job) job.ts = LONG_AGO;
    }
    return super.extendLocks(jobIds);
  }
}
