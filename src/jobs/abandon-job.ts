/**
 * Abandoning: a job may have been added though its client was told
 * 503. It is cancelled, whatever becomes of the connection meanwhile.
 */
import type { Cancel } from './cancel-job.ts';
import { storeTrouble } from '../store/store-trouble.ts';
import type { RedisClient } from '../store/redis-client.ts';

/**
 * For how long nobody can add a job that was not there when it was cancelled, in ms: the
 * command of a dead connection that adds it arrives within that time.
 */
const ABSENT_MS = 3600 * 1000;

/** How soon to ask again while Redis does not answer, in ms. */
const AGAIN_MS = 2000;

/**
 * How many are remembered. They are the submissions of one
 * process that were on their way when Redis stalled.
 */
const MAX_PENDING = 10_000;

/**
 * Abandons jobs over the connection that adds them. On an open connection the cancel
 * follows the add, so it is carried out right after it. Where the connection is
 * lost, it is the first command of the next one. To cancel a job twice does no harm.
 */
export class Abandoning {
  readonly #redis;
  readonly #cancel;
  readonly #pending = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(redis: RedisClient, cancel: Cancel) {
    this.#redis = redis;
    this.#cancel = cancel;
    redis.on('ready', this.#sendAll);
  }

  /** Cancels a job that may or may not be there, now or as soon as Redis answers. Nobody waits for it. */
  abandon(jobId: string): void {
    if (this.#pending.size < MAX_PENDING) this.#pending.add(jobId);
    void this.#send(jobId);
  }

  close(): void {
    this.#redis.off('ready', this.#sendAll);
    clearTimeout(this.#timer);
    this.#pending.clear();
  }

  async #send(jobId: string): Promise<void> {
    try {
      await this.#cancel(jobId, { absentMs: ABSENT_MS });
      this.#pending.delete(jobId);
    } catch (error) {
      if (storeTrouble(error)) this.#timer ??= setTimeout(this.#sendAll, AGAIN_MS).unref();
      else this.#pending.delete(jobId); // its record is of another type: nobody can run it
    }
  }

  readonly #sendAll = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const jobId of this.#pending) void this.#send(jobId);
  };
}
