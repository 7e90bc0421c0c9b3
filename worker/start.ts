/** Starts a worker: connections, vendors, registry, loop and health, each with what closes it. */
import { createAdaptorServer } from '@hono/node-server';
import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { createErrorLog } from '../src/repeated-errors.ts';
import { startHousekeeping } from '../src/housekeeping.ts';
import { listen } from '../src/listen.ts';
import type { Fail, Parts, Ready } from '../src/process.ts';
import { checkKinds } from '../src/kinds/kind.ts';
import { createBreaker } from './run/breaker.ts';
import { createAdmission } from '../src/jobs/admission.ts';
import { createCancel } from '../src/jobs/cancel-job.ts';
import { createChildren } from '../src/jobs/child-job.ts';
import { createRedisFiles } from '../src/files/redis-files.ts';
import { openQueue } from '../src/jobs/open-queue.ts';
import { createRunLocks } from './run/run-locks.ts';
import { ProcessStore, type Store } from '../src/store/store.ts';
import { endUnreadable, UNREADABLE } from './run/unreadable.ts';
import { unacceptedProblem } from '../src/jobs/unaccepted.ts';
import { availabilityOf, Registration, createWorkerDirectory } from '../src/jobs/worker-registry.ts';
import { assign } from './assignments.ts';
import { guard } from './run/circuit-breaker.ts';
import { describeWorker, hasMoneyBudget, mainProvider, modelWarnings, supportInWords, withoutLists } from './description.ts';
import { createInputRemoval, createRoomRelease, createRunFiles, hasFiles } from './run/files.ts';
import type { Implementation } from './handler.ts';
import { createAddCost, createFindPrice } from './prices.ts';
import { createFindProgram } from './programs.ts';
import { createHealthApp, createWorks } from './health.ts';
import { createRun } from './run/run.ts';
import type { Vendor, VendorDeps } from './vendors/vendor.ts';
import { createWorker } from './run/worker.ts';

/** What a worker is started with. */
export type WorkerParts = {
  config: Config & { vendorVariables: Record<string, unknown> };
  log: Logger;
  version: string;
  implementations: readonly Implementation[];
  vendors: readonly Vendor[];
};

/** How old the known state of the registry may be when a job is given back, in ms. */
const REGISTRY_AGE_MS = 1000;

/** How long the start waits for all that the worker needs, in ms. Without Redis it goes on, and its health says so. */
const START_MS = 3000;

/** Starts a worker. Resolves once its health is served;  */
export async function startWorker(
  { config, log, version, implementations, vendors }: WorkerParts,
  parts: Parts,
  fail: Fail,
): Promise<Ready> {
  const { keyPrefix, mayEvict, job } = config;
  const store = await ProcessStore.open({
    url: config.redisUrl,
    keyPrefix,
    mayEvict,
    log,
    logError: createErrorLog(log),
    onUnusable: fail,
  });
  parts.add(store);

  const kinds = implementations.map(({ kind }) => kind);
  checkKinds(kinds);
  const patient = store.connect('wait');
  const deps = vendorDeps(config, patient, log);
  const offered = vendors.map(async (vendor) => ({ ...vendor, offers: await vendor.offers(config.vendorVariables, deps) }));
  const findPrice = createFindPrice(vendors, config.prices);
  const assignments = assign(kinds, await Promise.all(offered), config);
  const description = describeWorker(config.worker, version, assignments, findPrice);
  log.info({ kinds: withoutLists(description.kinds) }, 'what this worker can do');
  for (const warning of new Set(modelWarnings(description.kinds, hasMoneyBudget(config), store.clock.now()))) log.warn(warning);

  // This is done before any job is taken, so that nobody pays for a job whose time is over.
  parts.add(await startHousekeeping(store, createCancel(store, job.retentionS), job.retentionS, log));

  const unreadable = await endUnreadable(store, job.retentionS).catch((error: unknown) => (store.onError('unreadable records')(error), []));
  for (const jobId of unreadable) log.error({ jobId }, UNREADABLE);

  // A read of its own: what is large must not hold up what else a run writes.
  const fileStore = createRedisFiles(kinds.some(hasFiles) ? store.connect('wait') : store, config.filesMaxBytes);

  const queue = openQueue(patient, job);
  parts.add(queue);
  const children = createChildren(patient, {
    queue,
    admission: createAdmission(patient, { retentionS: job.retentionS, bounds: config.bounds }),
    cancel: createCancel(patient, job.retentionS),
  });

  const locks = createRunLocks(patient, store, config.worker.lockDurationMs);
  const directory = createWorkerDirectory(store);
  const worker = createWorker(
    store,
    {
      run: createRun({
        implementations,
        assignments,
        openFiles: createRunFiles(fileStore, store, locks.retake),
        addCost: createAddCost(findPrice),
        children: { ...children, add: (request) => store.retryWhileRefused(() => children.add(request)) },
        timeoutMs: job.timeoutMs,
        troubleMs: () => store.monitor.troubleMs(),
        timeoutMoves: job.timeoutMoves,
        log,
      }),
      isDone: async (kind, input) => {
        const availability = availabilityOf(kind, await directory(REGISTRY_AGE_MS), input);
        return availability.type === 'available' && unacceptedProblem(input, availability) === undefined;
      },
      locks,
      onCompleted: createInputRemoval(fileStore, kinds),
      onFailed: createRoomRelease(fileStore, kinds),
    },
    { backoffMs: job.backoffMs, retentionS: job.retentionS, ...config.worker },
    log,
  );

  parts.add({ close: () => worker.close(config.shutdownGraceMs) });

  const registration = new Registration(store, config.worker.name, description, store.onError('registry'));
  await registration.register();
  parts.add({ close: () => registration.leave() });

  const { name, concurrency } = config.worker;
  const checks = {
    writes: async () => (await store.monitor.probe()) === undefined,
    registered: () => registration.registered,
  };
  const works = createWorks(worker, checks);
  const facts = { name, concurrency, version, provider: mainProvider(assignments) };
  const health = createHealthApp({ worker, works, facts, warnings: () => store.warnings(), clock: store.clock });
  const ports = config.workerHealthPorts;
  const createServer = () => createAdaptorServer({ fetch: health.fetch, hostname: 'localhost' });
  const { port } = parts.add(await listen(createServer, { host: config.host, ports, variable: 'WORKER_HEALTH_PORT' }));
  if (!ports.includes(0) && port !== ports[0]) log.warn({ port }, `port ${ports[0]} is taken, so /health is at port ${port}`);
  await within(START_MS, works); // so that whoever waits for the start finds it well
  log.info({ port, concurrency }, 'worker listening');
  return { ready: true, port, kinds: [...assignments].map(([kind, { support }]) => [kind, supportInWords(support)]) };
}

/** What vendors are built with. Jobs that a breaker held back take at most every second start when they return. */
function vendorDeps(config: Config, store: Store, log: Logger): VendorDeps {
  const { rate } = config.worker;
  const options = { ...config.breaker, probeMs: config.job.timeoutMs, paceMs: (2 * rate.duration) / rate.max };
  return {
    guard: (name, work) => guard(work, createBreaker(store, name, options)),
    findProgram: createFindProgram(config.path),
    warn: (message) => log.warn(message),
  };
}

/** Resolves once a check holds, or after so many ms. */
async function within(ms: number, check: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + ms; performance.now() < end && !(await check());)
    await new Promise((resolve) => setTimeout(resolve, 20));
}
