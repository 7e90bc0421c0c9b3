/**
 * Writes ended jobs of the outbox to the archive, rows in batches and files one after the other.
 */
import { type FileName, type FileStore, readWhole } from '../files/store.ts';
import { OwnError } from '../job/own-error.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { ReadJob } from '../jobs/read-job.ts';
import type { ArchivedFile, ArchivedJob, ArchiveWriter, WriteResult } from './archive.ts';
import type { PendingErasures } from './pending-erasures.ts';
import type { Claim, Outbox, Settlement } from '../ends/outbox.ts';

/** The parts that an archiver uses, and whom it informs. */
export type ArchiverOptions = {
  outbox: Pick<Outbox, 'settle'>;
  erasures: Pick<PendingErasures, 'erased'>;
  writer: Pick<ArchiveWriter, 'write' | 'writeFile'>;
  readJob: ReadJob;
  files: Pick<FileStore, 'outputsOf' | 'open'>;
  /** Erases what is kept of a user whom Supabase does not know any more. */
  onUserGone: (owner: string) => Promise<void>;
  /** Erases jobs that came while everything of their user was erased. */
  onErased: (jobIds: readonly string[]) => Promise<void>;
  onParked: (jobId: string, code: string) => void;
  /** Something failed that is tried again. */
  onError: (error: unknown) => void;
};

/** A claim with the row to write for it, and the row's size in bytes of JSON, roughly. */
type Parcel = { claim: Claim; job: ArchivedJob; bytes: number };

/**
 * The archive did not take a write, which is tried again later. `code`: its answer, without any
 * data.
 */
export class ArchiveError extends OwnError {
  override name = 'ArchiveError';
  readonly code: string;

  constructor(code: string) {
    super(`the archive does not take writes now: ${code}`);
    this.code = code;
  }
}

/** When a job is tried again after an unclear answer, in ms. Other jobs go on meanwhile. */
const UNCLEAR_MS = 60_000;

/** When a job is tried again after the archive did not take one of its files, in ms. */
const FILES_MS = 5000;

/** The most that is sent at once, in bytes of JSON, unless one job has more. */
const BATCH_BYTES = 1_000_000;

/** Writes to the archive. */
export class Archiver {
  readonly #options: ArchiverOptions;
  /** The jobs whose files are being sent, or wait for it. */
  readonly #withFiles = new Set<string>();
  #sending = Promise.resolve();

  constructor(options: ArchiverOptions) {
    this.#options = options;
  }

  /**
   * Archives jobs without files, and begins with jobs that have files. These follow one after the
   * other: they may take long, and rows do not wait for them.
   * @throws ArchiveError where the archive is out of reach; the jobs are tried again then
   */
  async archive(claims: readonly Claim[]): Promise<void> {
    const { outbox, readJob, files } = this.#options;
    const settlements: Settlement[] = [];
    const parcels: Parcel[] = [];
    const mine = claims.filter(({ id }) => !this.#withFiles.has(id));
    const found = await Promise.all(mine.map(async (claim) => [claim, await readJob(claim.id), await files.outputsOf(claim.id)] as const));
    for (const [claim, view, outputs] of found) {
      const snapshot = view?.snapshot;
      if (!snapshot?.end || snapshot.owner === undefined) settlements.push({ ...claim, how: { type: 'done' } }); // it is gone, or nobody's
      else if (outputs.length === 0 || snapshot.end.outcome.type !== 'completed') parcels.push(parcelOf(claim, { snapshot, files: [] }));
      else this.#beginFiles(claim, snapshot, outputs);
    }
    for (const batch of batchesOf(parcels)) settlements.push(...(await this.#write(batch)));
    await outbox.settle(settlements);
    const unavailable = settlements.find(({ how }) => how.type === 'later' && how.unavailable !== undefined)?.how;
    if (unavailable?.type === 'later') throw new ArchiveError(unavailable.unavailable ?? '');
  }

  #beginFiles(claim: Claim, snapshot: Snapshot, names: readonly FileName[]): void {
    this.#withFiles.add(claim.id);
    this.#sending = this.#sending
      .then(() => this.#archiveWithFiles(claim, snapshot, names))
      .catch(this.#options.onError)
      .finally(() => this.#withFiles.delete(claim.id));
  }

  async #archiveWithFiles(claim: Claim, snapshot: Snapshot, names: readonly FileName[]): Promise<void> {
    const { outbox } = this.#options;
    const files = await this.#writeFiles(snapshot, names);
    if (Array.isArray(files)) return outbox.settle(await this.#write([parcelOf(claim, { snapshot, files })]));
    await outbox.settle([{ ...claim, how: LATER(FILES_MS) }]);
    throw new ArchiveError(files.code);
  }

  /**
   * Archives the files that a job has made. Resolves with the files, or with the reason why the
   * archive does not take them now.
   */
  async #writeFiles(snapshot: Snapshot, names: readonly FileName[]): Promise<ArchivedFile[] | Unavailable> {
    const { writer, files, erasures, onParked } = this.#options;
    const { id: jobId, owner = '' } = snapshot;
    const kept: ArchivedFile[] = [];
    for (const name of names) {
      if ((await erasures.erased([snapshot])).has(jobId)) return [];
      const file = await files.open(jobId, name);
      const bytes = file && (await readWhole(file).catch(noneIfGone));
      if (!file || !bytes) continue;
      const archived = { ...file.info, name };
      const written = await writer.writeFile({ owner, jobId }, archived, bytes);
      if (written.type === 'unavailable') return written;
      if (written.type === 'written') kept.push(archived);
      else onParked(jobId, `${name}: ${'code' in written ? written.code : written.type}`); // the row goes without it
    }
    return kept;
  }

  /**
   * Writes jobs. One statement takes all or none, so a batch that is refused is halved until the
   * job at fault is alone.
   */
  async #write(all: readonly Parcel[]): Promise<Settlement[]> {
    const { writer, erasures, onUserGone, onErased, onParked } = this.#options;
    let unavailable: WriteResult | undefined;

    const send = async (parcels: readonly Parcel[]): Promise<Settlement[]> => {
      const written = unavailable ?? (await writer.write(parcels.map(({ job }) => job)));
      if (written.type === 'unavailable') unavailable = written; // the rest is not asked for
      const [first] = parcels;
      if (written.type !== 'written' && written.type !== 'unavailable' && parcels.length > 1) {
        const half = parcels.length >> 1;
        return [...(await send(parcels.slice(0, half))), ...(await send(parcels.slice(half)))];
      }
      if (written.type === 'user_gone') await onUserGone(first?.job.snapshot.owner ?? '');
      if (written.type === 'refused') onParked(first?.claim.id ?? '', written.code);
      return parcels.map(({ claim }) => ({ ...claim, how: howOf(written) }));
    };

    const erased = await erasures.erased(all.map(({ job }) => job.snapshot)); // now, for what was read may be old
    if (erased.size > 0) await onErased([...erased]);
    const kept = all.filter(({ claim }) => !erased.has(claim.id));
    const gone = all.filter(({ claim }) => erased.has(claim.id)).map(({ claim }): Settlement => ({ ...claim, how: { type: 'done' } }));
    return kept.length === 0 ? gone : [...gone, ...(await send(kept))];
  }
}

type Unavailable = Extract<WriteResult, { type: 'unavailable' }>;

/** Divides parcels into batches of at most BATCH_BYTES. A larger parcel is a batch of its own. */
function batchesOf(parcels: readonly Parcel[]): Parcel[][] {
  const batches: Parcel[][] = [];
  let room = 0;
  for (const parcel of parcels) {
    if (parcel.bytes > room || batches.length === 0) {
      batches.push([]);
      room = BATCH_BYTES;
    }
    batches.at(-1)?.push(parcel);
    room -= parcel.bytes;
  }
  return batches;
}

/** A file that goes while it is read, or lacks a part, counts as no file. */
function noneIfGone(error: unknown): undefined {
  if (!(error instanceof OwnError)) throw error;
}

function parcelOf(claim: Claim, job: ArchivedJob): Parcel {
  return { claim, job, bytes: JSON.stringify(job.snapshot).length };
}

const LATER = (ms: number, unavailable?: string): Settlement['how'] => ({ type: 'later', ms, unavailable });

function howOf(written: WriteResult): Settlement['how'] {
  switch (written.type) {
    case 'written':
    case 'user_gone':
      return { type: 'done' };
    case 'refused':
      return { type: 'parked', code: written.code };
    case 'unclear':
      return LATER(UNCLEAR_MS);
    case 'unavailable':
      return LATER(0, written.code);
  }
}
