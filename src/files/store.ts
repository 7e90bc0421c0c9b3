/** The interface of the store of files: a job's inputs and outputs, kept apart from its record. */
import type { Tenant } from '../job/tenant.ts';

/**
 * Names a file of a job. `in:FIELD`: an input, which goes when the job has completed. `keep:NAME`:
 * bytes that a handler keeps for a later attempt, which go with the inputs. `out:whole`, `out:0`:
 * an output, which stays as long as the job.
 */
export type FileName = `in:${string}` | `keep:${string}` | `out:${string}`;

/** A file that is to be kept. */
export type NewFile = {
  jobId: string;
  name: FileName;
  /** The tenant whose share of the storage it takes. */
  tenant: Tenant;
  type: string;
  bytes: Uint8Array;
  /**
   * The lock token of the run that writes it: only the run that holds the job's lock may write.
   * Without a token the file is for a job that is about to be added.
   */
  token?: string | undefined;
};

/** What is known of a file without reading it. `digest`: SHA-256 in base64url. */
export type FileInfo = { type: string; bytes: number; digest: string };

/** A part of a file: from the byte `from` up to and without the byte `to`. */
export type ByteRange = { from: number; to: number };

/** The room that a run expects to need for its output files, in bytes by the files' names. */
export type RoomReservation = Pick<NewFile, 'jobId' | 'tenant'> & { token: string; files: ReadonlyMap<FileName, number> };

/** The result of keeping a file. `lost`: the run does not hold its job any more. */
export type PutResult = { type: 'kept' } | { type: 'lost' } | StorageFull;

/** There is no room for a file, and nothing of it was stored. */
export type StorageFull = {
  type: 'full';
  /** Whose share is used up: that of all together, or the tenant's own. */
  whose: 'all' | 'own';
  /**
   * When files of ended jobs will have made room, in ms from now; undefined if they are too few.
   */
  freeInMs?: number | undefined;
  /** Whether inputs of jobs that have not ended will make room when those end. */
  jobsMakeRoom: boolean;
};

/**
 * Keeps files. How long a file lives follows from its name and its job; nobody has to delete it.
 */
export type FileStore = {
  /** The largest file that can be kept, in bytes: a tenant's share. */
  maxBytes: number;
  /**
   * Keeps a file; one of the same name is replaced. Readers see it when it is whole. A file with
   * reserved room is never refused for its size.
   */
  put(file: NewFile): Promise<PutResult>;
  /**
   * Reserves room for all of these files, or for none. It is held until they are put, are released
   * or their job ends.
   */
  reserve(reservation: RoomReservation): Promise<PutResult>;
  /**
   * Frees reserved room that no file has taken, unless the job goes on and one of its parts is
   * there. `token`: the lock token of the run that asks; without one, only that of a job that has
   * ended is freed.
   */
  release(jobId: string, token?: string): Promise<void>;
  /** What is known of a file; undefined if there is none. */
  head(jobId: string, name: FileName): Promise<FileInfo | undefined>;
  /**
   * Reads a file piece by piece; undefined if there is none. The reading fails if the file goes or
   * is replaced meanwhile.
   */
  open(jobId: string, name: FileName): Promise<OpenFile | undefined>;
  /** The names of the files that a job has made. */
  outputsOf(jobId: string): Promise<FileName[]>;
  /**
   * Deletes a job's inputs and what its handler has kept, or all of its files. Resolves with how
   * many there were.
   */
  delete(jobId: string, which: 'inputs' | 'all'): Promise<number>;
};

/** A file that is there. */
export type OpenFile = { info: FileInfo; read(range?: ByteRange): AsyncGenerator<Uint8Array, void> };

/** Reads a whole file. */
export async function readWhole({ info, read }: OpenFile): Promise<Uint8Array> {
  const bytes = new Uint8Array(info.bytes);
  let at = 0;
  for await (const piece of read()) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
