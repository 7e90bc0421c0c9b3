/** Our worker as it is, with a handler that does nothing. */
import { pino } from 'pino';
import { loadConfig } from '../../src/config.ts';
import { openStore } from '../../src/queue/store.ts';
import { createOffline } from '../../worker/vendors/offline.ts';
import { runJob } from '../../worker/run.ts';
import { createWorker } from '../../worker/worker.ts';

const config = loadConfig(process.env, 'worker');
const log = pino({ level: 'warn' });
const handlers = { 'generate-flashcards': async () => ({ flashcards: [] }) };
const deps = { handlers, provider: createOffline(), timeoutMs: 10_000, log };
const store = await openStore({ url: config.redisUrl, keyPrefix: config.keyPrefix, log, logError: () => {}, onUnusable: () => {} });
createWorker(
  store,
  (task, journal) => runJob(task, journal, deps),
  { keyPrefix: config.keyPrefix, backoffMs: 1000, ...config.worker },
  log,
);
process.send?.({ ready: true });
