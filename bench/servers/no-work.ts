/** Our worker as it is, with a handler that does nothing. */
import { pino } from 'pino';
import { loadConfig } from '../../src/config.ts';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { RedisFiles } from '../../src/files/redis-files.ts';
import { RunLocks } from '../../worker/run/run-locks.ts';
import { ProcessStore } from '../../src/store/store.ts';
import { assign } from '../../worker/assignments.ts';
import { createRunFiles } from '../../worker/run/files.ts';
import { implement } from '../../worker/handler.ts';
import { servedLanes } from '../../worker/lanes.ts';
import { createAddCost } from '../../worker/prices.ts';
import { createRun } from '../../worker/run/run.ts';
import { offline } from '../../worker/vendors/offline.ts';
import { JobWorker } from '../../worker/run/worker.ts';

const config = loadConfig(process.env, 'worker');
const log = pino({ level: 'warn' });
const implementations = [implement(flashcards, async () => ({ flashcards: [] }))];
const offers = await offline.offers({}, { guard: (_, work) => work, warn: () => {}, findProgram: () => undefined });
const assignments = assign([flashcards], [{ name: 'offline', offers }]);
const store = await ProcessStore.open({
  url: config.redisUrl,
  keyPrefix: config.keyPrefix,
  mayEvict: true,
  log,
  logError: () => {},
  onUnusable: () => {},
});
const patient = store.connect('wait');
const locks = new RunLocks(patient, store, config.worker.lockDurationMs);
const openFiles = createRunFiles(new RedisFiles(store, config.filesMaxBytes), store, locks);
const troubleMs = () => store.monitor.troubleMs();
const children = { add: () => Promise.reject(new Error('no kind leads to another')), endWithParent: async () => false };
const worker = new JobWorker(
  store,
  patient,
  {
    run: createRun({
      implementations,
      assignments,
      openFiles,
      addCost: createAddCost(() => undefined),
      children,
      timeoutMs: 10_000,
      troubleMs,
    }),
    locks,
    findDoers: async () => ({ who: 'live', workers: 1 }),
    mayShorten: async () => true,
  },
  {
    backoffMs: 1000,
    retentionS: config.job.retentionS,
    ...config.worker,
    lanes: [flashcards.name],
    served: servedLanes([flashcards], config.worker),
  },
  log,
);
process.send?.({ ready: true, running: worker.active() });
