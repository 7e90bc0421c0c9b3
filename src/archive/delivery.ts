/** Delivery: carries ended jobs from the outbox to the archive, erases there what users have erased, and deletes what is too old. */
import type { FileStore } from '../files/store.ts';
import { readWhole } from '../files/store.ts';
import { OwnError } from '../job/own-error.ts';
import type { Snapshot } from '../job/snapshot.ts';
import type { ReadJob } from '../queue/read-job.ts';
import type { ArchivedFile, ArchivedJob, ArchiveWriter, Written } from './archive.ts';
import type { Erasures } from './erasures.ts';
import { BATCH, type Claim, type Outbox, type Settlement } from './outbox.ts';

/** A running delivery. */
export type Delivery = {
  /** A job has ended: it is archived now, and not only when its time to be looked at comes. */
  ended(jobId: string): void;
  close(): Promise<void>;
};

/** What a delivery is made with. */
export type DeliveryOptions = {
  outbox: Outbox;
  erasures: Erasures;
  writer: ArchiveWriter;
  readJob: ReadJob;
  files: Pick<FileStore, 'outputsOf' | 'open'>;
  /** Erases what is kept of a user whom Supabase does not know any more. */
  onUserGone: (owner: string) => Promise<void>;
  /** How long jobs are archived, in ms; undefined for ever. */
  retentionMs?: number | undefined;
  onParked: (jobId: string, code: string) => void;
  /** Something failed that is tried again. */
  onError: (error: unknown) => void;
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

/** How often to look when nothing was signalled, in ms. */
const IDLE_MS = 1000;

/** The longest pause while the archive is out of reach, in ms. The first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/** When a job is tried again that may be what the archive does not take, in ms. Others go on meanwhile. */
const UNCLEAR_MS = 60_000;

/** The most that is sent at once, in bytes of JSON, unless one job has more. */
const BATCH_BYTES = 1_000_000;

/** How many ends that were signalled are remembered. Others are found when their time to be looked at comes. */
const MAX_SIGNALLED = 1000;

/** How long closing waits for what is being sent, in ms. */
const CLOSE_MS = 2000;

/** How often erasures, old jobs and the mark are looked after, in ms. */
const UPKEEP_MS = 5000;

/** How long an erasure is repeated, in ms: by then whatever was being written at that moment has been written. */
const ERASING_MS = 60_000;

/** From which lag on the archive counts as behind, in ms. */
const BEHIND_MS = 30_000;

/** How many erasures, or old jobs, are worked on in one go. */
const UPKEEP_BATCH = 100;

/** A claim with what is to be written of it. */
type Parcel = { claim: Claim; job: ArchivedJob; bytes: number };

/** Starts it. */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { outbox, onError } = options;
  const deliver = createDeliver(options);
  const upkeep = createUpkeep(options);
  const signalled = new Set<string>();
  let stopped = false;
  let wake = (): void => {};
  let isIdle = false;
  let failures = 0;
  let upkeepAt = 0;

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  /** One round over what was signalled and what is due. Resolves with whether there may be more. */
  const round = async (): Promise<boolean> => {
    const ids = [...signalled].slice(0, BATCH);
    for (const id of ids) signalled.delete(id);
    const named = ids.length === 0 ? [] : (await outbox.claim(ids)).claims;
    const { claims, more } = await outbox.claim();
    await deliver([...named, ...claims]);
    if (Date.now() >= upkeepAt) {
      upkeepAt = Date.now() + UPKEEP_MS;
      await upkeep();
    }
    return more || signalled.size > 0;
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        const more = await round();
        failures = 0;
        isIdle = !more;
        if (isIdle && !stopped) await pause(IDLE_MS);
        isIdle = false;
      } catch (error) {
        onError(error);
        failures++;
        if (!stopped) await pause(Math.random() * Math.min(250 * 2 ** failures, MAX_PAUSE_MS));
      }
    }
  };
  const running = run();

  return {
    ended(jobId) {
      if (signalled.size < MAX_SIGNALLED) signalled.add(jobId);
      if (isIdle) wake(); // a pause after a failure is not cut short
    },
    async close() {
      stopped = true;
      wake();
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]); // others take up what is left
    },
  };
}

/** Makes the function that archives claimed jobs. It throws an ArchiveError where the archive is out of reach; the jobs are tried again then. */
function createDeliver({ outbox, writer, readJob, files, onUserGone, onParked }: DeliveryOptions): (claims: Claim[]) => Promise<void> {
  /** The files that a job has made, once they are in the archive; what stopped that, if the archive is out of reach. */
  const archiveFiles = async ({ id: jobId, owner = '', end }: Snapshot, ask: Ask): Promise<ArchivedFile[] | Unavailable> => {
    const kept: ArchivedFile[] = [];
    const names = end?.outcome.type === 'completed' ? await files.outputsOf(jobId) : [];
    for (const name of names) {
      const file = await files.open(jobId, name);
      if (!file) continue;
      const archived = { ...file.info, name };
      const bytes = await readWhole(file);
      const written = await ask(() => writer.writeFile({ owner, jobId }, archived, bytes));
      if (written.type === 'unavailable') return written;
      if (written.type === 'written') kept.push(archived);
      else onParked(jobId, `${name}: ${'code' in written ? written.code : written.type}`); // the row goes without it
    }
    return kept;
  };

  /** Writes parcels. What is refused is halved until it is alone: one statement takes all or none. */
  const write = async (parcels: Parcel[], ask: Ask): Promise<Settlement[]> => {
    const written = await ask(() => writer.write(parcels.map(({ job }) => job)));
    const [first] = parcels;
    if (written.type !== 'written' && written.type !== 'unavailable' && parcels.length > 1) {
      const half = parcels.length >> 1;
      return [...(await write(parcels.slice(0, half), ask)), ...(await write(parcels.slice(half), ask))];
    }
    if (written.type === 'user_gone') await onUserGone(first?.job.snapshot.owner ?? '');
    if (written.type === 'refused') onParked(first?.claim.id ?? '', written.code);
    return parcels.map(({ claim }) => ({ ...claim, how: howOf(written) }));
  };

  return async (claims) => {
    const { ask, trouble } = untilUnavailable();
    const settlements: Settlement[] = [];
    const parcels: Parcel[] = [];
    const views = await Promise.all(claims.map(({ id }) => readJob(id)));
    for (const [n, claim] of claims.entries()) {
      const snapshot = views[n]?.snapshot;
      const archived = snapshot?.end && snapshot.owner !== undefined ? await archiveFiles(snapshot, ask) : undefined;
      if (!snapshot || !archived) settlements.push({ ...claim, how: { type: 'done' } }); // it is gone, or nobody's
      else if ('type' in archived) settlements.push({ ...claim, how: howOf(archived) });
      else parcels.push({ claim, job: { snapshot, files: archived }, bytes: JSON.stringify(snapshot).length });
    }
    for (const batch of batchesOf(parcels)) settlements.push(...(await write(batch, ask)));
    await outbox.settle(settlements);
    const code = trouble();
    if (code !== undefined) throw new ArchiveError(code);
  };
}

type Unavailable = Extract<Written, { type: 'unavailable' }>;

/** Asks the archive for something. */
type Ask = (call: () => Promise<Written>) => Promise<Written>;

/** Once the archive was out of reach, it is not asked again in the same delivery. `trouble`: the code by which it was. */
function untilUnavailable(): { ask: Ask; trouble: () => string | undefined } {
  let unavailable: Unavailable | undefined;
  return {
    ask: async (call) => {
      if (unavailable) return unavailable;
      const written = await call();
      if (written.type === 'unavailable') unavailable = written;
      return written;
    },
    trouble: () => unavailable?.code,
  };
}

function howOf(written: Written): Settlement['how'] {
  switch (written.type) {
    case 'written':
    case 'user_gone':
      return { type: 'done' };
    case 'refused':
      return { type: 'parked', code: written.code };
    case 'unclear':
      return { type: 'later', ms: UNCLEAR_MS };
    case 'unavailable':
      return { type: 'later', ms: 0 };
  }
}

/** Parts parcels so that none has more than BATCH_BYTES, unless it is a single one. */
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

/** Makes the function that does what has time. */
function createUpkeep({ outbox, erasures, writer, retentionMs }: DeliveryOptions): () => Promise<void> {
  return async () => {
    const { lagMs } = await outbox.state();
    await outbox.markBehind(lagMs > BEHIND_MS);
    for (const erasure of await erasures.noted(UPKEEP_BATCH)) {
      await writer.erase(erasure.target);
      if (Date.now() - erasure.at > ERASING_MS) await erasures.forget(erasure);
    }
    if (retentionMs === undefined) return;
    for (const old of await writer.endedBefore(Date.now() - retentionMs, UPKEEP_BATCH)) await writer.erase(old);
  };
}
