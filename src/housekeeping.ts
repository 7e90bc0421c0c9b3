/** What every process does for all of them: it ends jobs whose time is up, and removes what is kept no longer. */
import type { Logger } from 'pino';
import { startUpkeep } from './files/upkeep.ts';
import type { Part } from './process.ts';
import type { Cancel } from './jobs/cancel-job.ts';
import { watchDeadlines } from './jobs/deadlines.ts';
import type { Keys } from './store/keys.ts';
import { startForgetting } from './jobs/retention.ts';
import type { Store } from './store/store.ts';

/** What it is started with. `retentionS`: how long ended jobs are kept, in s. */
export type HousekeepingOptions = { store: Store; keys: Keys; cancel: Cancel; retentionS: number; log: Pick<Logger, 'info'> };

/** Starts it. Resolves when jobs are ended whose time was up before the start. */
export async function startHousekeeping({ store, keys, cancel, retentionS, log }: HousekeepingOptions): Promise<Part> {
  const { redis, onError } = store;
  const onCancelled = (jobId: string) => log.info({ jobId }, 'job cancelled: its time was up');
  const stops = [
    await watchDeadlines({ redis, keys, cancel, onCancelled, onError: onError('deadlines') }),
    startUpkeep({ redis, keys, retentionS, onError: onError('files') }),
    startForgetting(redis, keys, { retentionS, onError: onError('retention') }),
  ];
  return { close: () => stops.forEach((stop) => stop()) };
}
