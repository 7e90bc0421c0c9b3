/** Puts the archive together: the code that speaks to Supabase is loaded only where a project is named. */
import type { Logger } from 'pino';
import type { Archive, ArchiveWriter } from './archive/archive.ts';
import { ArchivedJobs } from './archive/archived-jobs.ts';
import { Archiver } from './archive/archiver.ts';
import type { Eraser, EraserOptions } from './archive/eraser.ts';
import { ArchiveOutbox } from './archive/outbox.ts';
import { PendingErasures } from './archive/pending-erasures.ts';
import { ArchiveUpkeep } from './archive/upkeep.ts';
import type { Config } from './config.ts';
import type { FileStore } from './files/store.ts';
import type { NotificationQueue } from './notifications/notification-queue.ts';
import type { Clock } from './store/clock.ts';
import { OutboxLoop } from './ends/outbox.ts';
import type { JobQueue } from './jobs/queue.ts';
import type { ProcessStore } from './store/store.ts';

/** What is there of an archive. */
export type ArchiveParts = {
  /** How clients read it; undefined where it can't be read. */
  jobs?: ArchivedJobs | undefined;
  /** What erasing has to do with it. */
  erasing?: EraserOptions['archive'];
  /** What is on its way to it; undefined where nothing is written to it. */
  outbox?: ArchiveOutbox | undefined;
  /** Begins to write ended jobs to it. */
  start(needs: ArchivingNeeds): Archiving;
  /** Where results live, for the person who runs the process. */
  description: string;
};

/** What archiving needs of the rest of the process. */
type ArchivingNeeds = {
  queue: JobQueue;
  files: FileStore;
  eraser: Eraser;
  notifications: Pick<NotificationQueue<unknown>, 'erase'>;
  log: Pick<Logger, 'warn' | 'info'>;
};

/** The running loop that archives ended jobs. `isOn`: whether it wants to know of any. */
export type Archiving = Pick<OutboxLoop, 'ended' | 'close'> & { isOn: boolean };

const startNothing = (): Archiving => ({ isOn: false, ended() {}, async close() {} });

/** Opens the archive, where a project of Supabase is named. */
export async function openArchive(store: ProcessStore, config: Config): Promise<ArchiveParts> {
  const { archive: settings, job } = config;
  const archive = settings && (await openProject(settings));
  if (!settings || !archive) return { start: startNothing, description: 'off: Redis forgets results when their time is over' };
  const { reader, writer } = archive;
  const erasures = new PendingErasures(store);
  const onError = store.onError('archive');
  const jobs = new ArchivedJobs(reader, erasures, onError);
  if (!writer) {
    const description = `read only, in the Supabase project at ${settings.url} (set SUPABASE_SECRET_KEY to write it)`;
    return { jobs, erasing: 'read only', start: startNothing, description };
  }
  const outbox = new ArchiveOutbox(store, job.retentionS);
  const shared = { outbox, erasures, writer, clock: store.clock, onError };
  return {
    jobs,
    erasing: { writer, erasures, onError },
    outbox,
    start: (needs) => startArchiving(needs, shared, settings.retentionMs),
    description: `in the Supabase project at ${settings.url}`,
  };
}

type SharedParts = {
  clock: Clock;
  onError: (error: unknown) => void;
  outbox: ArchiveOutbox;
  erasures: PendingErasures;
  writer: ArchiveWriter;
};

function startArchiving(
  { queue, files, eraser, notifications, log }: ArchivingNeeds,
  shared: SharedParts,
  retentionMs: number | undefined,
): Archiving {
  const archiver = new Archiver({
    ...shared,
    files,
    readJob: (jobId, after) => queue.read(jobId, after),
    onUserGone: async (owner) => {
      const counts = await eraser.user(owner);
      log.info({ ...counts }, 'data of a user erased, whom Supabase does not know any more');
    },
    onErased: async (jobIds) => {
      await queue.erase(jobIds); // their files go with them, by themselves
      await notifications.erase(jobIds);
    },
    onParked: (jobId, code) => log.warn({ jobId, code }, 'the archive refuses a job; see /admin/archive'),
  });
  const isKept = async (jobId: string) => (await queue.there([jobId])).has(jobId);
  const { outbox, onError } = shared;
  const loop = new OutboxLoop(outbox, (claims) => archiver.archive(claims), onError);
  const upkeep = new ArchiveUpkeep({ ...shared, isKept, retentionMs });
  return {
    isOn: true,
    ended: (jobId) => loop.ended(jobId),
    close: async () => void (await Promise.all([loop.close(), upkeep.close()])),
  };
}

async function openProject(settings: NonNullable<Config['archive']>): Promise<Archive | undefined> {
  const { publishableKey, secretKey } = settings;
  if (publishableKey === undefined && secretKey === undefined) return undefined;
  return (await import('./supabase/archive.ts')).openSupabaseArchive(settings);
}
