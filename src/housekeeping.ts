/**
 * What every process opens and does: the store; it ends jobs
 * whose time is up, and removes what is kept no longer.
 */
import type { Logger } from 'pino';
import { startFileUpkeep } from './files/upkeep.ts';
import type { Config } from './config.ts';
import { createErrorLog } from './log.ts';
import type { Fail, Part } from './process.ts';
import type { Cancel } from './jobs/cancel-job.ts';
import { watchDeadlines } from './jobs/deadlines.ts';
import { startForgetting } from './jobs/retention.ts';
import { ProcessStore } from './store/store.ts';

/**
 * Starts it. Resolves when jobs are ended whose time was up before
 * the start. `retentionS`: how long ended jobs are kept, in s.
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

/**
 * Opens the store of a process. `fail`: ends the process,
 * where Redis turns out to be unusable after the start.
 */
export function openProcessStore(
  { redisUrl: url, redisTls: tls, keyPrefix, mayEvict }: Config,
  log: Logger,
  fail: Fail,
): Promise<ProcessStore> {
  return ProcessStore.open({ url, tls, keyPrefix, mayEvict, log, logError: createErrorLog(log), onUnusable: fail });
}
