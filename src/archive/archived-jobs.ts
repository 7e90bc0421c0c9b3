/** Jobs as the archive shows them: without those that were erased and are still there. */
import type { FileName, OpenFile } from '../files/store.ts';
import { ProblemError } from '../job/problem.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { JobPage, JobRange } from '../jobs/listing.ts';
import type { ArchiveAccess, ArchivedJob, ArchiveReader } from './archive.ts';
import type { PendingErasures } from './pending-erasures.ts';

/**
 * Reads the archive for clients. Calls reject with `archive_unavailable` within seconds while it is
 * out of reach.
 */
export class ArchivedJobs {
  readonly #reader: ArchiveReader;
  readonly #erasures: Pick<PendingErasures, 'erased'>;
  readonly #onError: (error: unknown) => void;

  /** `onError`: the archive did not answer as it should. */
  constructor(reader: ArchiveReader, erasures: Pick<PendingErasures, 'erased'>, onError: (error: unknown) => void) {
    this.#reader = reader;
    this.#erasures = erasures;
    this.#onError = onError;
  }

  /**
   * A job, as if its journal had been read: its rows are not kept, its end has the number that it
   * had.
   */
  async read(jobId: string, access: ArchiveAccess): Promise<JobView | undefined> {
    const job = await this.#find(jobId, access);
    return job && { snapshot: job.snapshot, rows: [] };
  }

  /** Jobs of a user, newest first. */
  async list(owner: string, range: JobRange, access: ArchiveAccess): Promise<JobPage> {
    const { jobs, next } = await this.#ask(() => this.#reader.list(owner, range, access));
    const erased = await this.#erasures.erased(jobs);
    return { jobs: jobs.filter(({ id }) => !erased.has(id)), next };
  }

  /** A file of a job that may be read. */
  async openFile(jobId: string, name: FileName): Promise<OpenFile | undefined> {
    const job = await this.#find(jobId, { as: 'service' });
    const file = job?.files.find((one) => one.name === name);
    return job && file && this.#ask(() => this.#reader.open(job, file));
  }

  async #find(jobId: string, access: ArchiveAccess): Promise<ArchivedJob | undefined> {
    const job = await this.#ask(() => this.#reader.read(jobId, access));
    const isErased = job && (await this.#erasures.erased([job.snapshot])).has(jobId);
    return isErased ? undefined : job;
  }

  /** The client gets `archive_unavailable`; the log gets the reason. */
  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#onError(error instanceof ProblemError ? (error.extras.cause ?? error) : error);
      throw error;
    }
  }
}
