/** The locks of this process's runs. One that has expired is taken back, as long as no other run has begun the job. */
import type { Store } from '../../src/store/store.ts';

/** What a run holds its job with. */
export type RunLock = {
  /** BullMQ's lock token of the run. */
  token: string;
  /** How often the job was begun, this run included. */
  started: number;
  /** How often BullMQ had found the job without a worker when the run began. */
  stalls: number;
};

/** The locks of all runs of a process, from when a job is taken until BullMQ has ended or moved it. */
export type RunLocks = {
  /** By the jobs' ids. */
  held: ReadonlyMap<string, RunLock>;
  hold(jobId: string, lock: RunLock): void;
  /** The job is not this run's any more. */
  release(jobId: string, token: string): void;
  /**
   * Takes a run's lock back if it has expired. Resolves with whether the job is still the run's. Waits for a Redis that is away or
   * refuses.
   */
  retake(jobId: string, token: string): Promise<boolean>;
  /** The same, but rejects where Redis is away or refuses. */
  retakeNow(jobId: string, token: string): Promise<boolean>;
};

/** BullMQ's keys that taking a lock back reads or writes. */
const QUEUE_KEYS = ['active', 'wait', 'stalled', 'events', 'meta'] as const;

/**
 * Makes the locks over a connection that waits while Redis is away, and one that fails at once. `lockDurationMs`: how long a lock
 * holds unless it is renewed.
 */
export function createRunLocks(patient: Store, store: Store, lockDurationMs: number): RunLocks {
  const held = new Map<string, RunLock>();

  const retakeOver = (connection: Store) => {
    const { keys } = connection;
    const script = connection.script(new URL('scripts/retake_lock.lua', import.meta.url), {
      keys: ['job', 'lock', ...QUEUE_KEYS],
      args: ['id', 'token', 'started', 'stalls', 'lockMs'],
    });
    const shared = { ...keys.allOf(QUEUE_KEYS), lockMs: lockDurationMs };
    return async (jobId: string, token: string): Promise<boolean> => {
      const lock = held.get(jobId);
      if (lock?.token !== token) return false;
      return (await script({ ...shared, job: keys.job(jobId), lock: keys.lock(jobId), id: jobId, ...lock })) === 1;
    };
  };
  const patiently = retakeOver(patient);

  return {
    held,
    hold: (jobId, lock) => void held.set(jobId, lock),
    release(jobId, token) {
      if (held.get(jobId)?.token === token) held.delete(jobId);
    },
    retake: (jobId, token) => store.retryWhileRefused(() => patiently(jobId, token)),
    retakeNow: retakeOver(store),
  };
}

/** Does a fenced write. If the fence refuses it and the lock had only expired, the lock is taken back and the write is done again. */
export async function writeFenced<T>(
  write: () => Promise<T>,
  isRefused: (reply: T) => boolean,
  retake: () => Promise<boolean>,
): Promise<T> {
  const reply = await write();
  return isRefused(reply) && (await retake()) ? write() : reply;
}
