/** Jobs as the archive shows them: without those that were erased and are still there. */
import type { FileName, OpenFile } from '../files/store.ts';
import { ProblemError } from '../job/problem.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { JobPage, JobRange } from '../jobs/listing.ts';
import type { Access, ArchiveReader } from './archive.ts';
import type { Erasures } from './erasures.ts';

/** Reads the archive for clients. Calls reject with `archive_unavailable` within seconds while it is out of reach. */
export type ArchivedJobs = {
  /** A job, as if its journal had been read: its rows are not kept, its end has the number that it had. */
  read(jobId: string, access: Access): Promise<JobView | undefined>;
  /** Jobs of a user, newest first. */
  list(owner: string, range: JobRange, access: Access): Promise<JobPage>;
  /** A file of a job that may be read. */
  openFile(jobId: string, name: FileName): Promise<OpenFile | undefined>;
};

/** What it is made with. `onError`: the archive did not answer as it should. */
export type ArchivedJobsOptions = { reader: ArchiveReader; erasures: Pick<Erasures, 'erased'>; onError: (error: unknown) => void };

/** Makes it. */
export function createArchivedJobs({ reader, erasures, onError }: ArchivedJobsOptions): ArchivedJobs {
  /** Clients hear that the archive is out of reach; whoever runs the process hears why. */
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      onError(error instanceof ProblemError ? (error.extras.cause ?? error) : error);
      throw error;
    }
  };
  const find = async (jobId: string, access: Access) => {
    const job = await ask(() => reader.read(jobId, access));
    const isErased = job && (await erasures.erased([job.snapshot])).has(jobId);
    return isErased ? undefined : job;
  };
  return {
    async read(jobId, access) {
      const job = await find(jobId, access);
      return job && { snapshot: job.snapshot, rows: [] };
    },
    async list(owner, range, access) {
      const { jobs, next } = await ask(() => reader.list(owner, range, access));
      const erased = await erasures.erased(jobs);
      return { jobs: jobs.filter(({ id }) => !erased.has(id)), next };
    },
    async openFile(jobId, name) {
      const job = await find(jobId, { as: 'service' });
      const file = job?.files.find((one) => one.name === name);
      return job && file && ask(() => reader.open(job, file));
    },
  };
}
