/** Puts the archive together: the code that speaks to Supabase is loaded only where a project is named. */
import type { Logger } from 'pino';
import type { Archive } from './archive/archive.ts';
import { type ArchivedJobs, createArchivedJobs } from './archive/archived-jobs.ts';
import { type Delivery, type DeliveryOptions, startDelivery } from './archive/delivery.ts';
import type { Erasure, ErasureOptions } from './archive/erasure.ts';
import { createErasures } from './archive/erasures.ts';
import { createOutbox, type Outbox } from './archive/outbox.ts';
import type { Config } from './config.ts';
import type { Keys } from './queue/keys.ts';
import type { Store } from './queue/store.ts';

/** What is there of an archive. */
export type ArchiveParts = {
  /** How clients read it; undefined where it can't be read. */
  jobs?: ArchivedJobs | undefined;
  /** What writes to it; undefined where nothing does. */
  writing?:
    | (Omit<NonNullable<ErasureOptions['archive']>, 'onError'> & { outbox: Outbox; start(with_: DeliveryNeeds): Delivery })
    | undefined;
  /** Where results live, for the person who runs the process. */
  description: string;
};

/** What delivery needs of the rest of the process. */
type DeliveryNeeds = Pick<DeliveryOptions, 'readJob' | 'files' | 'onError'> & { erasure: Erasure; log: Pick<Logger, 'warn' | 'info'> };

/** What the archive is opened with. `retentionS`: how long Redis keeps ended jobs, in s. */
type OpenOptions = { redis: Store['redis']; keys: Keys; settings: Config['archive']; retentionS: number };

/** Opens it. */
export async function openArchive({ redis, keys, settings, retentionS }: OpenOptions): Promise<ArchiveParts> {
  const archive = settings && (await openProject(settings));
  if (!settings || !archive) return { description: 'off: Redis forgets results when their time is over' };
  const { reader, writer } = archive;
  const erasures = createErasures(redis, keys);
  const jobs = createArchivedJobs(reader, erasures);
  if (!writer) return { jobs, description: `read only, in the Supabase project at ${settings.url} (set SUPABASE_SECRET_KEY to write it)` };
  const outbox = createOutbox(redis, keys, retentionS);
  return {
    jobs,
    writing: {
      writer,
      erasures,
      outbox,
      start: ({ erasure, log, ...needs }) =>
        startDelivery({
          ...needs,
          outbox,
          erasures,
          writer,
          retentionMs: settings.retentionMs,
          onUserGone: async (owner) => {
            const counts = await erasure.user(owner);
            log.info({ ...counts }, 'data of a user erased, whom Supabase does not know any more');
          },
          onParked: (jobId, code) => log.warn({ jobId, code }, 'the archive refuses a job; see /admin/archive'),
        }),
    },
    description: `in the Supabase project at ${settings.url}`,
  };
}

async function openProject(settings: NonNullable<Config['archive']>): Promise<Archive | undefined> {
  const { publishableKey, secretKey } = settings;
  if (publishableKey === undefined && secretKey === undefined) return undefined;
  return (await import('./supabase/archive.ts')).openSupabaseArchive(settings);
}
