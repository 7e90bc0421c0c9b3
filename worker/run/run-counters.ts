/**
 * What is counted of a job's runs, over all its workers: how
 * often they were lost, and how often it was put off.
 */
import type { ProblemCode } from '../../src/job/problem.ts';
import { FIELDS } from '../../src/job/record.ts';
import type { Store } from '../../src/store/store.ts';

/** How often a job has lost its worker, in all and as far as it counts. */
export type Losses = { all: number; counted: number };

/** How many losses of a job may not count because it had got on. */
const MAX_FORGIVEN = 5;

/** The counters of one job. `stalls`: how often BullMQ found it without a worker. */
export class RunCounters {
  readonly #store: Store;
  readonly #job: string;
  readonly #stalls: number;

  constructor(store: Store, jobId: string, stalls: number) {
    this.#store = store;
    this.#job = store.keys.job(jobId);
    this.#stalls = stalls;
  }

  /**
   * How often the job has lost its worker while it ran: in all, and as far as it counts. BullMQ's
   * own count has one that also died before its job was begun. A loss does not count where
   * the job had got on since the one before: who kills its worker does not, and a
   * long job loses some in deploys. `items`: how many it has finished.
   */
  async losses(items: number): Promise<Losses> {
    if (this.#stalls === 0) return { all: 0, counted: 0 };
    const all = 1 + (await this.#read(FIELDS.startsAfterLoss));
    let [seen = 0, itemsThen = 0, forgiven = 0] = ((await this.#readText(FIELDS.losses)) ?? '').split(' ').map(Number);
    if (all > seen) {
      if (items > itemsThen && forgiven < MAX_FORGIVEN) forgiven++;
      [seen, itemsThen] = [all, items];
      const noted = [seen, itemsThen, forgiven].join(' ');
      await this.#store.retryWhileRefused(() => this.#store.redis.hset(this.#job, FIELDS.losses, noted));
    }
    return { all, counted: all - forgiven };
  }

  /**
   * A run begins. If the job has lost its worker before and the
   * run does not come back, that is one loss more.
   */
  async started(): Promise<void> {
    if (this.#stalls > 0) await this.#add(FIELDS.startsAfterLoss, 1);
  }

  /** The run has come back, however it ended. */
  async returned(): Promise<void> {
    if (this.#stalls > 0) await this.#add(FIELDS.startsAfterLoss, -1);
  }

  /** How often the job was put off since it was submitted or retried, and how often it was given back. */
  async returns(): Promise<[putOffs: number, givenBack: number]> {
    const [putOffs, givenBack] = await this.#store.redis.hmget(this.#job, FIELDS.putOffs, FIELDS.givenBack);
    return [Number(putOffs), Number(givenBack)];
  }

  /** The job is put off because of this code; `counts`: whether it is one of the times that are allowed. */
  async putOff(code: ProblemCode, counts: boolean): Promise<void> {
    await this.#store.retryWhileRefused(() => this.#store.redis.hset(this.#job, FIELDS.putOffCode, code));
    if (counts) await this.#add(FIELDS.putOffs, 1);
  }

  async #read(field: string): Promise<number> {
    return Number(await this.#readText(field));
  }

  #readText(field: string): Promise<string | null> {
    return this.#store.redis.hget(this.#job, field);
  }

  async #add(field: string, number: number): Promise<void> {
    await this.#store.retryWhileRefused(() => this.#store.redis.hincrby(this.#job, field, number));
  }
}
