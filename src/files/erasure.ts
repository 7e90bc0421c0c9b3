/** Erasing for users: a job, or everything that is theirs, with the files. */
import type { JobQueue } from '../queue/queue.ts';
import type { FileStore } from './store.ts';

/** What was erased, in counts. */
export type ErasedCounts = { jobs: number; results: number; files: number; keys: number };

/** Erases. */
export type Erasure = {
  /** Erases a job and those it has led to. */
  job(jobId: string): Promise<ErasedCounts>;
  /** Erases all jobs of a user, also those that are submitted while this goes on. */
  user(owner: string): Promise<ErasedCounts>;
};

const NOTHING: ErasedCounts = { jobs: 0, results: 0, files: 0, keys: 0 };

/** See {@link Erasure}. Where it is interrupted, files go by themselves a little later, because their job is gone. */
export function createErasure(queue: Pick<JobQueue, 'erase' | 'idsOf'>, files: Pick<FileStore, 'delete'>): Erasure {
  const erase = async (jobIds: readonly string[]): Promise<ErasedCounts> => {
    const { ids, ...counts } = await queue.erase(jobIds);
    const deleted = await Promise.all(ids.map((id) => files.delete(id, 'all')));
    return { jobs: ids.length, ...counts, files: sum(deleted) };
  };
  return {
    job: (jobId) => erase([jobId]),
    async user(owner) {
      let total = NOTHING;
      for (;;) {
        const jobIds = await queue.idsOf(owner);
        const erased = jobIds.length === 0 ? NOTHING : await erase(jobIds);
        if (erased.jobs === 0) return total; // what can't be erased now must not keep this going for ever
        total = add(total, erased);
      }
    },
  };
}

function add(one: ErasedCounts, other: ErasedCounts): ErasedCounts {
  return {
    jobs: one.jobs + other.jobs,
    results: one.results + other.results,
    files: one.files + other.files,
    keys: one.keys + other.keys,
  };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
