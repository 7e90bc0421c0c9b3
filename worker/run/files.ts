/**
 * The files of one run: what a handler reads and keeps. The
 * store knows no runs; here each write is the run's own.
 */
import { ProblemError } from '../../src/job/problem.ts';
import { type FileName, type FileStore, type PutResult, readWhole, type StorageFull } from '../../src/files/store.ts';
import type { FileReference, Kind } from '../../src/kinds/kind.ts';
import type { RunRef } from './task.ts';
import { LockLostError } from './journal.ts';
import { type RunLocks, writeFenced } from './run-locks.ts';
import type { Store } from '../../src/store/store.ts';
import type { Context } from '../handler.ts';

/** The files of a run. */
export type RunFiles = Pick<Context, 'file' | 'reserve' | 'output' | 'readOutput' | 'keep' | 'kept'> & {
  /**
   * Frees what the run has reserved and not used, unless a part of
   * the job is there; to be called while the run still holds its job.
   */
  release(): Promise<void>;
};

/** Opens the files of a run. */
export type OpenRunFiles = (run: RunRef, input: Record<string, unknown>) => RunFiles;

/** Files that go within this time are waited for, in ms. */
const SOON_MS = 60_000;

/** See {@link OpenRunFiles}. */
export function createRunFiles(files: FileStore, store: Store, locks: Pick<RunLocks, 'retake'>): OpenRunFiles {
  return ({ id: jobId, tenant, token }, input) => {
    let hasReserved = false;
    const keep = async (write: () => Promise<PutResult>): Promise<void> => {
      const kept = await writeFenced(
        () => store.retryWhileRefused(write),
        (reply) => reply.type === 'lost',
        () => locks.retake(jobId, token),
      );
      if (kept.type === 'lost') throw new LockLostError(jobId);
      if (kept.type === 'full') throw noRoom(kept);
    };
    const put = (name: FileName, bytes: Uint8Array, type: string) => keep(() => files.put({ jobId, name, tenant, type, bytes, token }));
    const read = async (name: FileName): Promise<{ bytes: Uint8Array; type: string; digest: string } | undefined> => {
      const file = await files.open(jobId, name);
      return file && { bytes: await readWhole(file), type: file.info.type, digest: file.info.digest };
    };
    return {
      async file(field) {
        const { facts, digest } = input[field] as FileReference;
        const found = await read(`in:${field}`);
        if (found?.digest !== digest) throw new ProblemError('input_gone', `The file of "${field}" is not kept any more; submit it anew.`);
        return { bytes: found.bytes, type: facts.type, facts };
      },
      async reserve(sizes) {
        hasReserved = true;
        const wanted = new Map(sizes.map(({ name, bytes }) => [`out:${name}` as const, Math.ceil(bytes)]));
        await keep(() => files.reserve({ jobId, tenant, token, files: wanted }));
      },
      async release() {
        if (hasReserved) await files.release(jobId, token);
      },
      async output(name, bytes, type) {
        await put(`out:${name}`, bytes, type);
        return { output: name, bytes: bytes.byteLength, type };
      },
      async readOutput(name) {
        const found = await read(`out:${name}`);
        return found && { bytes: found.bytes, type: found.type };
      },
      keep: (name, bytes) => put(`keep:${name}`, bytes, 'application/octet-stream'),
      kept: async (name) => (await read(`keep:${name}`))?.bytes,
    };
  };
}

/**
 * Makes what deletes the inputs of a job that has completed.
 * What can't be deleted now goes a little later by itself.
 */
export function createInputRemoval(files: FileStore, kinds: readonly Kind[]): (kind: string, jobId: string) => void {
  const withFiles = new Set(kinds.flatMap((kind) => (hasFiles(kind) ? [kind.name] : [])));
  return (kind, jobId) => {
    if (withFiles.has(kind)) void files.delete(jobId, 'inputs').catch(() => {});
  };
}

/**
 * Makes what frees the room that was reserved for a job that has failed.
 * Where that can't be done now it is freed a little later by itself.
 */
export function createRoomRelease(files: FileStore, kinds: readonly Kind[]): (kind: string, jobId: string) => void {
  const withOutputs = new Set(kinds.flatMap((kind) => (kind.outputs === true ? [kind.name] : [])));
  return (kind, jobId) => {
    if (withOutputs.has(kind)) void files.release(jobId).catch(() => {});
  };
}

/** Whether runs of a kind read or keep files. */
export function hasFiles({ files, outputs, attachments }: Kind): boolean {
  return files !== undefined || outputs === true || attachments === true;
}

/**
 * Room can come at any time: a job ends, or its user deletes one.
 * To look again calls nobody, so it is not put off for long.
 */
function noRoom({ freeInMs = Infinity }: StorageFull): ProblemError {
  const detail = 'There is no room for the files that this job makes; it goes on when there is.';
  return new ProblemError('storage_full', detail, freeInMs < SOON_MS ? { retryAfterMs: freeInMs } : { forNow: true });
}
