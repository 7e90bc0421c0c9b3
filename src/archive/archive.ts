/**
 * The port of the archive: ended jobs and the files that they have made, which stay when Redis has
 * forgotten them.
 */
import type { FileInfo, FileName, OpenFile } from '../files/store.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { JobPage, JobRange } from '../jobs/listing.ts';

/**
 * Whose rights a read of the archive has: a user's, so that the archive's own rules decide, or the
 * service's, after the service has checked what it may show.
 */
export type ArchiveAccess = { as: 'user'; user: string; session: string } | { as: 'service' };

/** A file of a job as the archive has it. */
export type ArchivedFile = FileInfo & { name: FileName };

/** An ended job as the archive has it. */
export type ArchivedJob = { snapshot: Snapshot; files: readonly ArchivedFile[] };

/**
 * Reads the archive. Calls reject with `archive_unavailable` within seconds while it is out of
 * reach.
 */
export type ArchiveReader = {
  /** A job; undefined if there is none that the access allows. */
  read(jobId: string, access: ArchiveAccess): Promise<ArchivedJob | undefined>;
  /** Jobs of a user, newest first, with the files' names left out. */
  list(owner: string, range: JobRange, access: ArchiveAccess): Promise<JobPage>;
  /** Opens a file of a job; undefined if it is not there. */
  open(job: ArchivedJob, file: ArchivedFile): Promise<OpenFile | undefined>;
};

/**
 * The result of writing. `refused`: the data is not taken, and never will be. `unclear`: the data
 * may be the reason, or not. `unavailable`: the reason is not the data, and may pass. Codes are for
 * logs: they hold no data.
 */
export type WriteResult =
  | { type: 'written' }
  | { type: 'refused'; code: string }
  | { type: 'user_gone' }
  | { type: 'unclear'; code: string }
  | { type: 'unavailable'; code: string };

/**
 * What is erased: one job of a user, or all that were submitted up to a moment (in ms since the
 * epoch).
 */
export type ErasureTarget = { owner: string; jobId: string } | { owner: string; until: number };

/** A job that was erased in the archive: whether it had a result, and how many files. */
export type ErasedInArchive = { id: string; result: boolean; files: number };

/** Writes to the archive. */
export type ArchiveWriter = {
  /**
   * Writes jobs, all or none. A job that is there already is replaced, unless what is there has
   * ended later.
   */
  write(jobs: readonly ArchivedJob[]): Promise<WriteResult>;
  /** Writes a file of a job. */
  writeFile(target: { owner: string; jobId: string }, file: ArchivedFile, bytes: Uint8Array): Promise<WriteResult>;
  /**
   * Erases rows and files. Of a user it erases files without a row, too, except those of jobs that
   * `isKept` names: they are about to be archived. Rejects with `archive_unavailable` while the
   * archive is out of reach.
   */
  erase(target: ErasureTarget, isKept: (jobId: string) => Promise<boolean>): Promise<ErasedInArchive[]>;
  /** Some jobs that have ended before a moment (in ms since the epoch), the oldest first. */
  endedBefore(moment: number, limit: number): Promise<{ owner: string; jobId: string }[]>;
};

/** An archive. Without a key of the service it is only read, by users. */
export type Archive = { reader: ArchiveReader; writer?: ArchiveWriter | undefined };
