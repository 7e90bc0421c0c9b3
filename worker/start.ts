/** Starts a worker: its parts, in the order in which each needs those before it. */
import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { openProcessStore, startHousekeeping } from '../src/housekeeping.ts';
import type { Fail, Parts, Ready } from '../src/process.ts';
import { upgradeInput, versionOf } from '../src/kinds/input-versions.ts';
import { checkKinds, type Kind } from '../src/kinds/kind.ts';
import { SharedBreaker } from './run/shared-breaker.ts';
import { createAddAdmitted } from '../src/jobs/add-admitted.ts';
import { Admission } from '../src/jobs/admission.ts';
import { createCancel } from '../src/jobs/cancel-job.ts';
import { doersOf } from '../src/jobs/doers.ts';
import { type Children, createChildren } from '../src/jobs/child-job.ts';
import { RedisFiles } from '../src/files/redis-files.ts';
import { ProcessRegistry, ROLLBACK_MS } from '../src/jobs/process-registry.ts';
import { createLanes, type Lanes } from '../src/jobs/lanes.ts';
import { jobOptionsOf, openQueue } from '../src/jobs/open-queue.ts';
import { createStats, type QueueStats } from '../src/jobs/stats.ts';
import { RunLocks } from './run/run-locks.ts';
import { endWhenStuck } from '../src/store/loop-age.ts';
import type { Store } from '../src/store/store.ts';
import { endUnreadable, UNREADABLE } from './run/unreadable.ts';
import { Registration, createWorkerDirectory } from '../src/jobs/worker-registry.ts';
import { assign, authorsOf, type VendorOffers } from './assignments.ts';
import { guard } from './run/circuit-breaker.ts';
import { describeWorker, hasMoneyBudget, mainProvider, modelWarnings, supportInWords, withoutLists } from './description.ts';
import { createInputRemoval, createRoomRelease, createRunFiles, hasFiles } from './run/files.ts';
import { concurrencyIn, isServed, servedLanes } from './lanes.ts';
import type { Implementation } from './handler.ts';
import { createAddCost, createFindPrice } from './prices.ts';
import { createFindProgram } from './programs.ts';
import { Health } from './health.ts';
import { openWorkerMetrics } from './metrics-parts.ts';
import { kindOf } from '../src/jobs/to-snapshot.ts';
import { UNREADABLE_END } from './run/run-events.ts';
import { createRun } from './run/run.ts';
import type { Vendor, VendorTools } from './vendors/vendor.ts';
import { JobWorker, type WorkerTasks } from './run/worker.ts';

/** What a worker is started with. */
export type WorkerProcessOptions = {
  config: Config & { vendorVariables: Record<string, unknown> };
  log: Logger;
  version: string;
  implementations: readonly Implementation[];
  vendors: readonly Vendor[];
};

/** How old the known state of the registry may be when a job is given back, in ms. */
const REGISTRY_AGE_MS = 1000;

/** Starts a worker. Resolves once its health is served. */
export async function startWorker(options: WorkerProcessOptions, parts: Parts, fail: Fail): Promise<Ready> {
  const { config, log, version, implementations, vendors } = options;
  const { job } = config;
  const kinds = implementations.map(({ kind }) => kind);
  checkKinds(kinds);
  const health = await Health.open(config, log, parts);
  const store = parts.add(await openProcessStore(config, log, fail));
  const patient = store.connect('wait');
  const findPrice = createFindPrice(vendors, config.prices);
  const breakers = new Set<string>();
  const assignments = assign(kinds, await askVendors(options, vendorTools(config, patient, log, breakers)), config);
  const metrics = openWorkerMetrics({ store, config, version, assignments, breakers });
  const inputVersions = Object.fromEntries(kinds.map((kind) => [kind.name, versionOf(kind)]));
  const served = servedLanes(kinds, config.worker);
  const atOnce = concurrencyIn(served, config.worker, (kind) => assignments.get(kind)?.available === true);
  // While no job goes into a lane, all of them run in the slots of the queue that all kinds share.
  const concurrency = config.lanes ? atOnce.concurrency : config.worker.concurrency;
  const described = describeWorker(config.worker, version, assignments, findPrice);
  const description = { ...described, ...atOnce, concurrency, inputVersions };
  log.info({ kinds: withoutLists(description.kinds) }, 'what this worker can do');
  for (const warning of new Set(modelWarnings(description.kinds, hasMoneyBudget(config), store.clock.now()))) log.warn(warning);

  const { name } = config.worker;
  const lanes = kinds.map((kind) => kind.name);
  const processes = new ProcessRegistry(store, { id: name, onError: store.onError('registry') });
  await processes.enter();
  parts.add({ close: () => processes.leave() });

  // Before any job is taken: nobody pays for a job whose time is
  // over, and no record that can't be read stops the worker.
  const { retentionS } = job;
  parts.add(await startHousekeeping(store, createCancel(store, retentionS, metrics.onCancelled), retentionS, log));
  const unreadable = await endUnreadable({ store, lanes, retentionS }).catch(
    (error: unknown) => (store.report('unreadable records', error), []),
  );
  for (const jobId of unreadable) {
    log.error({ jobId }, UNREADABLE);
    metrics.events.ended(kindOf(jobId), UNREADABLE_END);
  }

  // Files are read over a connection of their own: what is large
  // must not hold up what else a run writes.
  const files = new RedisFiles(kinds.some(hasFiles) ? store.connect('wait') : store, config.filesMaxBytes);
  const locks = new RunLocks(patient, store, config.worker.lockDurationMs);
  const queue = parts.add(openQueue(patient, job));
  const run = createRun({
    implementations,
    assignments,
    isServed: (kind) => isServed(kind, config.worker),
    openFiles: createRunFiles(files, store, locks),
    addCost: createAddCost(findPrice),
    children: openChildren(patient, createLanes({ kinds, allowed: config.lanes, processes }), config),
    ...job,
    troubleMs: () => store.monitor.troubleMs(),
    events: metrics.events,
  });
  const findDoers = createFindDoers(createWorkerDirectory(store), kinds);
  const mayShorten = async () => config.worker.shortRows && (await processes.agreed('short-rows', ROLLBACK_MS));
  const tasks = {
    run,
    findDoers,
    locks,
    mayShorten,
    events: metrics.events,
    authors: authorsOf(assignments),
    onCompleted: createInputRemoval(files, kinds),
    onFailed: createRoomRelease(files, kinds),
  };
  const worker = new JobWorker(store, patient, tasks, { ...job, ...config.worker, lanes, served }, log);
  metrics.watch(worker);
  parts.add({ close: () => worker.close(config.stop.graceMs) });
  const stuck = { what: "the worker's loop", ageMs: () => worker.loopAgeMs(), monitor: store.monitor, fail };
  parts.add(endWhenStuck({ ...stuck, onError: store.onError('loop') }));
  const registration = new Registration(store, name, description, store.onError('registry'));
  await registration.register();
  parts.add({ close: () => registration.leave() });
  const inLanes = Object.fromEntries(Object.entries(atOnce.lanes).map(([kind, lane]) => [kind, lane.concurrency]));
  const facts = { name, concurrency, lanes: inLanes, version, provider: mainProvider(assignments) };
  await health.serve({ store, worker, registered: () => registration.registered, facts, metrics: metrics.page });
  const { port } = health;
  // A directory of its own: what is remembered of this reading must not answer who can do a job.
  const readStats = createStats(queue, store, { rate: config.worker.rate, lanes, workers: createWorkerDirectory(store) });
  void warnOfLimiter(readStats, log).catch(store.onError('statistics'));
  log.info({ port, concurrency, lanes: inLanes }, 'worker listening');
  return {
    ready: true,
    port,
    kinds: [...assignments].map(([kind, { support }]) => [
      kind,
      supportInWords(support, isServed(kind, config.worker)),
      inLanes[kind] ?? 0,
    ]),
  };
}

/** Asks the vendors what they can do here. */
function askVendors({ vendors, config }: WorkerProcessOptions, deps: VendorTools): Promise<VendorOffers> {
  return Promise.all(vendors.map(async (vendor) => ({ ...vendor, offers: await vendor.offers(config.vendorVariables, deps) })));
}

/** What makes the jobs that others lead to. It waits while Redis is away or refuses. */
function openChildren(store: Store, lanes: Lanes, { job, bounds }: Config): Children {
  const { retentionS } = job;
  const children = createChildren(store, {
    admission: new Admission(store, { retentionS, bounds, lanes: lanes.names }),
    addAdmitted: createAddAdmitted(store, jobOptionsOf(job)),
    lanes,
    cancel: createCancel(store, retentionS),
  });
  return { ...children, add: (request) => store.retryWhileRefused(() => children.add(request)) };
}

/** Says it where more workers would do nothing: the limiter is shared by all of them. */
async function warnOfLimiter(readStats: () => Promise<QueueStats>, log: Logger): Promise<void> {
  const { bottleneck, concurrency, meanRunMs = 0, msPerStart } = await readStats();
  if (bottleneck !== 'rate') return;
  const [limit, able] = [1000 / msPerStart, (1000 * concurrency) / Math.max(meanRunMs, 1)].map((pace) => pace.toFixed(1));
  log.warn(
    `the limiter lets ${limit} jobs begin in a second, and the workers could run ${able}: raise WORKER_RATE_MAX if the vendor lets you`,
  );
}

/** Makes the function that tells who could do a job that is given back. */
function createFindDoers(readDirectory: ReturnType<typeof createWorkerDirectory>, kinds: readonly Kind[]): WorkerTasks['findDoers'] {
  return async (name, stored) => {
    const kind = kinds.find((one) => one.name === name);
    return doersOf(name, stored, kind ? upgradeInput(kind, stored) : stored.input, await readDirectory(REGISTRY_AGE_MS));
  };
}

/**
 * What vendors are built with. Jobs that a breaker held back
 * take at most every second start when they return. `breakers` gets their names.
 */
function vendorTools(config: Config, store: Store, log: Logger, breakers: Set<string>): VendorTools {
  const { rate } = config.worker;
  const options = { ...config.breaker, probeMs: config.job.timeoutMs, paceMs: (2 * rate.duration) / rate.max };
  return {
    guard: (name, work) => (breakers.add(name), guard(work, new SharedBreaker(store, name, options))),
    findProgram: createFindProgram(config.path),
    warn: (message) => log.warn(message),
  };
}
