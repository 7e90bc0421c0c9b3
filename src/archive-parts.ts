/** Puts the archive together: the code that speaks to Supabase is loaded only where a project is named. */
import type { Logger } from 'pino';
import type { Archive } from './archive/archive.ts';
import { type ArchivedJobs, createArchivedJobs } from './archive/archived-jobs.ts';
import { createDeliver } from './archive/delivery.ts';
import { startDelivery } from './archive/delivery-loop.ts';
import type { Erasure, ErasureOptions } from './archive/erasure.ts';
import { createErasures } from './archive/erasures.ts';
import { type ArchiveOutbox, createArchiveOutbox } from './archive/outbox.ts';
import { createUpkeep } from './archive/upkeep.ts';
import type { Config } from './config.ts';
import type { FileStore } from './files/store.ts';
import type { Keys } from './store/keys.ts';
import type { OutboxLoop } from './ends/outbox-loop.ts';
import type { JobQueue } from './jobs/queue.ts';
import type { Store } from './store/store.ts';

/** What is there of an archive. */
export type ArchiveParts = {
  /** How clients read it; undefined where it can't be read. */
  jobs?: ArchivedJobs | undefined;
  /** What erasing has to do with it. */
  erasing?: ErasureOptions['archive'];
  /** What writes to it; undefined where nothing does. */
  writing?: { outbox: ArchiveOutbox; start(needs: DeliveryNeeds): OutboxLoop } | undefined;
  /** Where results live, for the person who runs the process. */
  description: string;
};

/** What delivery needs of the rest of the process. */
type DeliveryNeeds = {
  queue: JobQueue;
  files: FileStore;
  erasure: Erasure;
  eraseNotifications: (jobIds: readonly string[]) => Promise<void>;
  log: Pick<Logger, 'warn' | 'info'>;
};

/** What the archive is opened with. `retentionS`: how long Redis keeps ended jobs, in s. */
type OpenOptions = {
  redis: Store['redis'];
  clock: Store['clock'];
  keys: Keys;
  settings: Config['archive'];
  retentionS: number;
  onError: (error: unknown) => void;
};

/** Opens it. */
export async function openArchive({ redis, clock, keys, settings, retentionS, onError }: OpenOptions): Promise<ArchiveParts> {
  const archive = settings && (await openProject(settings));
  if (!settings || !archive) return { description: 'off: Redis forgets results when their time is over' };
  const { reader, writer } = archive;
  const erasures = createErasures(redis, keys);
  const jobs = createArchivedJobs({ reader, erasures, onError });
  if (!writer) {
    const description = `read only, in the Supabase project at ${settings.url} (set SUPABASE_SECRET_KEY to write it)`;
    return { jobs, erasing: 'read only', description };
  }
  const outbox = createArchiveOutbox(redis, keys, { clock, retentionS });
  return {
    jobs,
    erasing: { writer, erasures, onError },
    writing: {
      outbox,
      start: ({ queue, files, erasure, eraseNotifications, log }) => {
        const common = { outbox, erasures, writer, clock, onError };
        const deliver = createDeliver({
          ...common,
          files,
          readJob: queue.read,
          onUserGone: async (owner) => {
            const counts = await erasure.user(owner);
            log.info({ ...counts }, 'data of a user erased, whom Supabase does not know any more');
          },
          onErased: async (jobIds) => {
            await queue.erase(jobIds); // their files go with them, by themselves
            await eraseNotifications(jobIds);
          },
          onParked: (jobId, code) => log.warn({ jobId, code }, 'the archive refuses a job; see /admin/archive'),
        });
        const isKept = async (jobId: string) => (await queue.there([jobId])).has(jobId);
        return startDelivery({ ...common, deliver, upkeep: createUpkeep({ ...common, isKept, retentionMs: settings.retentionMs }) });
      },
    },
    description: `in the Supabase project at ${settings.url}`,
  };
}

async function openProject(settings: NonNullable<Config['archive']>): Promise<Archive | undefined> {
  const { publishableKey, secretKey } = settings;
  if (publishableKey === undefined && secretKey === undefined) return undefined;
  return (await import('./supabase/archive.ts')).openSupabaseArchive(settings);
}
