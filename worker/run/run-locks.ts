/**
 * The locks of this process's runs. One that has expired is
 * taken back, as long as no other run has begun the job.
 */
import type { Lane } from '../../src/store/keys.ts';
import type { Store } from '../../src/store/store.ts';

/** What a run holds its job with. */
export type RunLock = {
  /** BullMQ's lock token of the run. */
  token: string;
  /** How often the job was begun, this run included. */
  started: number;
  /** Where the job was taken up. */
  lane: Lane;
  /** How often BullMQ had found the job without a worker when the run began. */
  stalls: number;
};

/** BullMQ's keys that taking a lock back reads or writes. */
const QUEUE_KEYS = ['active', 'wait', 'stalled', 'events', 'meta'] as const;

/** The locks of all runs of a process, from when a job is taken until BullMQ has ended or moved it. */
export class RunLocks {
  readonly #held = new Map<string, RunLock>();
  #lockMs: number;
  readonly #retakePatiently: Retake;
  readonly #retakeAtOnce: Retake;
  readonly #store: Store;

  /**
   * `patient`: over a connection that waits while Redis is away.
   * `lockDurationMs`: how long a lock holds unless it is renewed.
   */
  constructor(patient: Store, store: Store, lockDurationMs: number) {
    this.#retakePatiently = createRetake(patient, () => this.#lockMs);
    this.#retakeAtOnce = createRetake(store, () => this.#lockMs);
    this.#lockMs = lockDurationMs;
    this.#store = store;
  }

  /** By the jobs' ids. */
  get held(): ReadonlyMap<string, RunLock> {
    return this.#held;
  }

  /** How long a lock holds unless it is renewed, in ms. */
  get lockMs(): number {
    return this.#lockMs;
  }

  /** Lets locks hold for this time at most, in ms, from when they are renewed next. */
  shorten(lockMs: number): void {
    this.#lockMs = Math.min(this.#lockMs, lockMs);
  }

  hold(jobId: string, lock: RunLock): void {
    this.#held.set(jobId, lock);
  }

  /** The job is not this run's any more. */
  release(jobId: string, token: string): void {
    if (this.#held.get(jobId)?.token === token) this.#held.delete(jobId);
  }

  /**
   * Takes a run's lock back if it has expired. Resolves with whether the
   * job is still the run's. Waits for a Redis that is away or refuses.
   */
  async retake(jobId: string, token: string): Promise<boolean> {
    return this.#store.retryWhileRefused(() => this.#retake(this.#retakePatiently, jobId, token));
  }

  /** The same, but rejects where Redis is away or refuses. */
  async retakeNow(jobId: string, token: string): Promise<boolean> {
    return this.#retake(this.#retakeAtOnce, jobId, token);
  }

  async #retake(retake: Retake, jobId: string, token: string): Promise<boolean> {
    const lock = this.#held.get(jobId);
    return lock?.token === token && retake(jobId, lock);
  }
}

/** Takes a lock back, if no other run has begun the job. Resolves with whether it did. */
type Retake = (jobId: string, lock: RunLock) => Promise<boolean>;

function createRetake(store: Store, lockMs: () => number): Retake {
  const { keys } = store;
  const script = store.script(new URL('scripts/retake_lock.lua', import.meta.url), {
    keys: ['job', 'lock', ...QUEUE_KEYS],
    args: ['id', 'token', 'started', 'stalls', 'lockMs'],
  });
  return async (id, { lane, ...lock }) => {
    const touched = { ...keys.allOf(QUEUE_KEYS, lane), job: keys.job(id), lock: keys.lock(id) };
    return (await script({ ...touched, id, ...lock, lockMs: lockMs() })) === 1;
  };
}

/**
 * Does a fenced write. If the fence refuses it and the lock had
 * only expired, the lock is taken back and the write is done again.
 */
export async function writeFenced<T>(
  write: () => Promise<T>,
  isRefused: (reply: T) => boolean,
  retake: () => Promise<boolean>,
): Promise<T> {
  const reply = await write();
  return isRefused(reply) && (await retake()) ? write() : reply;
}
