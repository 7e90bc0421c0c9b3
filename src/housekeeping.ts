/** What every process does for all of them: it ends jobs whose time is up, and removes what is kept no longer. */
import type { Logger } from 'pino';
import { startFileUpkeep } from './files/upkeep.ts';
import type { Part } from './process.ts';
import type { Cancel } from './jobs/cancel-job.ts';
import { watchDeadlines } from './jobs/deadlines.ts';
import { startForgetting } from './jobs/retention.ts';
import type { ProcessStore } from './store/store.ts';

/**
 * Starts it. Resolves when jobs are ended whose time was up before the start. `retentionS`: how long ended jobs are kept, in s.
 */
export async function startHousekeeping(store: ProcessStore, cancel: Cancel, retentionS: number, log: Pick<Logger, 'info'>): Promise<Part> {
  const onCancelled = (jobId: string) => log.info({ jobId }, 'job cancelled: its time was up');
  const stops = [
    await watchDeadlines({ store, cancel, onCancelled, onError: store.onError('deadlines') }),
    startFileUpkeep(store, retentionS, store.onError('files')),
    startForgetting(store, retentionS, store.onError('retention')),
  ];
  return { close: () => stops.forEach((stop) => stop()) };
}
