/** Delivery: carries ended jobs from the outbox to the archive. */
import { type FileName, type FileStore, readWhole } from '../files/store.ts';
import { OwnError } from '../job/own-error.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { ReadJob } from '../jobs/read-job.ts';
import type { ArchivedFile, ArchivedJob, ArchiveWriter, Written } from './archive.ts';
import { batchesOf, type Parcel } from './batches.ts';
import type { Erasures } from './erasures.ts';
import type { Claim, Outbox, Settlement } from '../ends/outbox.ts';

/** What a delivery is made with. */
export type DeliveryOptions = {
  outbox: Pick<Outbox, 'settle'>;
  erasures: Pick<Erasures, 'erased'>;
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

/** Delivers claims. */
export type Deliver = {
  /**
   * Archives jobs that have no files, and begins with those that have: one after the other, for that may take long, and rows do not wait for it.
   * @throws ArchiveError where the archive is out of reach; the jobs are tried again then
   */
  (claims: readonly Claim[]): Promise<void>;
};

/** The archive did not take what was sent to it, which is tried again. `code`: its answer, which holds nothing of what was sent. */
export class ArchiveError extends OwnError {
  override name = 'ArchiveError';
  readonly code: string;

  constructor(code: string) {
    super(`the archive does not take writes now: ${code}`);
    this.code = code;
  }
}

/** When a job is tried again that may be what the archive does not take, in ms. Others go on meanwhile. */
const UNCLEAR_MS = 60_000;

/** When a job is tried again whose files the archive does not take now, in ms. */
const FILES_MS = 5000;

/** Makes it. */
export function createDeliver(options: DeliveryOptions): Deliver {
  const { outbox, readJob, files, onError } = options;
  const write = createWrite(options);
  const archiveFiles = createArchiveFiles(options);
  const withFiles = new Set<string>(); // the jobs whose files are being sent, or wait for it
  let sending = Promise.resolve();

  const sendWithFiles = async (claim: Claim, snapshot: Snapshot, names: readonly FileName[]): Promise<void> => {
    const archived = await archiveFiles(snapshot, names);
    const how = 'type' in archived ? LATER(FILES_MS) : undefined;
    await outbox.settle(how ? [{ ...claim, how }] : await write([parcelOf(claim, { snapshot, files: archived as ArchivedFile[] })]));
    if ('type' in archived) throw new ArchiveError(archived.code);
  };

  return async (claims) => {
    const mine = claims.filter(({ id }) => !withFiles.has(id));
    const found = await Promise.all(mine.map(async ({ id }) => ({ view: await readJob(id), outputs: await files.outputsOf(id) })));
    const settlements: Settlement[] = [];
    const parcels: Parcel[] = [];
    for (const [n, claim] of mine.entries()) {
      const { view, outputs = [] } = found[n] ?? {};
      const snapshot = view?.snapshot;
      if (!snapshot?.end || snapshot.owner === undefined) settlements.push({ ...claim, how: { type: 'done' } }); // it is gone, or nobody's
      else if (outputs.length === 0 || snapshot.end.outcome.type !== 'completed') parcels.push(parcelOf(claim, { snapshot, files: [] }));
      else {
        withFiles.add(claim.id);
        sending = sending
          .then(() => sendWithFiles(claim, snapshot, outputs))
          .catch(onError)
          .finally(() => withFiles.delete(claim.id));
      }
    }
    for (const batch of batchesOf(parcels)) settlements.push(...(await write(batch)));
    await outbox.settle(settlements);
    const unavailable = settlements.find(({ how }) => how.type === 'later' && how.unavailable !== undefined)?.how;
    if (unavailable?.type === 'later') throw new ArchiveError(unavailable.unavailable ?? '');
  };
}

/** Makes the function that writes jobs. What is refused is halved until it is alone: one statement takes all or none. */
function createWrite({
  writer,
  erasures,
  onUserGone,
  onErased,
  onParked,
}: DeliveryOptions): (parcels: readonly Parcel[]) => Promise<Settlement[]> {
  return async (all) => {
    let unavailable: Written | undefined;

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
  };
}

type Unavailable = Extract<Written, { type: 'unavailable' }>;

/** Makes the function that archives the files a job has made. It resolves with them, or with why the archive does not take them now. */
function createArchiveFiles({
  writer,
  files,
  erasures,
  onParked,
}: DeliveryOptions): (job: Snapshot, names: readonly FileName[]) => Promise<ArchivedFile[] | Unavailable> {
  return async (snapshot, names) => {
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
  };
}

/** A file that goes while it is read, or of which a part is missing, is none. */
function noneIfGone(error: unknown): undefined {
  if (!(error instanceof OwnError)) throw error;
}

function parcelOf(claim: Claim, job: ArchivedJob): Parcel {
  return { claim, job, bytes: JSON.stringify(job.snapshot).length };
}

const LATER = (ms: number, unavailable?: string): Settlement['how'] => ({ type: 'later', ms, unavailable });

function howOf(written: Written): Settlement['how'] {
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
