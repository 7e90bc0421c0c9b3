/** What is counted of a job's runs, over all its workers: how often they were lost, and how often it was put off. */
import type { ProblemCode } from '../../src/job/problem.ts';
import { FIELDS } from '../../src/job/record.ts';
import type { Store } from '../../src/store/store.ts';

/** The counters of one job. */
export type RunCounters = {
  /** How often the job has lost its worker while it ran. */
  losses(): Promise<number>;
  /** A run begins of a job that has lost its worker before: if it does not come back, that is one loss more. */
  started(): Promise<void>;
  /** The run has come back, however it ended. */
  returned(): Promise<void>;
  /** How often the job was put off since it was submitted or retried. */
  putOffs(): Promise<number>;
  /** The job is put off because of this code; `counts`: whether it is one of the times that are allowed. */
  putOff(code: ProblemCode, counts: boolean): Promise<void>;
};

/** Makes the function that opens a job's counters. `stalls`: how often BullMQ found it without a worker. */
export function createRunCounters(store: Store): (jobId: string, stalls: number) => RunCounters {
  return (jobId, stalls) => {
    const job = store.keys.job(jobId);
    const add = async (field: string, number: number) =>
      void (await store.retryWhileRefused(() => store.redis.hincrby(job, field, number)));
    const read = async (field: string) => Number(await store.redis.hget(job, field));
    return {
      // BullMQ's own count has one that also died before its job was begun.
      losses: async () => (stalls === 0 ? 0 : 1 + (await read(FIELDS.startsAfterLoss))),
      started: async () => (stalls === 0 ? undefined : add(FIELDS.startsAfterLoss, 1)),
      returned: async () => (stalls === 0 ? undefined : add(FIELDS.startsAfterLoss, -1)),
      putOffs: () => read(FIELDS.putOffs),
      async putOff(code, counts) {
        await store.retryWhileRefused(() => store.redis.hset(job, FIELDS.putOffCode, code));
        if (counts) await add(FIELDS.putOffs, 1);
      },
    };
  };
}
