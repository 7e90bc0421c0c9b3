/** What runs are made of: how a job is done, with which files and children, and what follows its end. */
import type { Config } from '../src/config.ts';
import { RedisFiles } from '../src/files/redis-files.ts';
import { createAddAdmitted } from '../src/jobs/add-admitted.ts';
import { Admission } from '../src/jobs/admission.ts';
import { createCancel } from '../src/jobs/cancel-job.ts';
import { type Children, createChildren } from '../src/jobs/child-job.ts';
import { doersOf } from '../src/jobs/doers.ts';
import { createLanes, type Lanes } from '../src/jobs/lanes.ts';
import { jobOptionsOf } from '../src/jobs/open-queue.ts';
import { type ProcessRegistry, ROLLBACK_MS } from '../src/jobs/process-registry.ts';
import { createWorkerDirectory } from '../src/jobs/worker-registry.ts';
import { upgradeInput } from '../src/kinds/input-versions.ts';
import type { Kind } from '../src/kinds/kind.ts';
import type { ProcessStore, Store } from '../src/store/store.ts';
import type { Tracer } from '../src/traces/tracer.ts';
import type { Ability } from './ability.ts';
import { authorsOf } from './assignments.ts';
import type { Implementation } from './handler.ts';
import { isServed } from './lanes.ts';
import { createAddCost } from './prices.ts';
import { createInputRemoval, createRoomRelease, createRunFiles, hasFiles } from './run/files.ts';
import { createRun } from './run/run.ts';
import { RunLocks } from './run/run-locks.ts';
import type { WorkerTasks } from './run/worker.ts';

/** What they are made with. `patient`: over a connection that waits while Redis is away. */
type TasksOptions = {
  config: Config;
  implementations: readonly Implementation[];
  ability: Ability;
  store: ProcessStore;
  patient: Store;
  processes: ProcessRegistry;
  holds: NonNullable<WorkerTasks['holds']>;
  events: NonNullable<WorkerTasks['events']>;
  errors: NonNullable<WorkerTasks['errors']>;
  tracer: Tracer;
};

/** How old the known state of the registry may be when a job is given back, in ms. */
const REGISTRY_AGE_MS = 1000;

/** Makes them. */
export function createTasks(options: TasksOptions): WorkerTasks {
  const { config, implementations, ability, store, patient, processes, holds, events, errors, tracer } = options;
  const kinds = implementations.map(({ kind }) => kind);
  // Files are read over a connection of their own: what is large
  // must not hold up what else a run writes.
  const files = new RedisFiles(kinds.some(hasFiles) ? store.connect('wait') : store, config.filesMaxBytes);
  const locks = new RunLocks(patient, store, config.worker.lockDurationMs);
  const run = createRun({
    implementations,
    assignments: ability.assignments,
    isServed: (kind) => isServed(kind, config.worker),
    openFiles: createRunFiles(files, store, locks),
    addCost: createAddCost(ability.findPrice),
    children: openChildren(patient, createLanes({ kinds, allowed: config.lanes, processes }), config),
    ...config.job,
    troubleMs: () => store.monitor.troubleMs(),
    events,
  });
  return {
    run,
    findDoers: createFindDoers(createWorkerDirectory(store), kinds),
    locks,
    holds,
    mayShorten: async () => config.worker.shortRows && (await processes.agreed('short-rows', ROLLBACK_MS)),
    events,
    errors,
    tracer,
    authors: authorsOf(ability.assignments),
    onCompleted: createInputRemoval(files, kinds),
    onFailed: createRoomRelease(files, kinds),
  };
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

/** Makes the function that tells who could do a job that is given back. */
function createFindDoers(readDirectory: ReturnType<typeof createWorkerDirectory>, kinds: readonly Kind[]): WorkerTasks['findDoers'] {
  return async (name, stored) => {
    const kind = kinds.find((one) => one.name === name);
    return doersOf(name, stored, kind ? upgradeInput(kind, stored) : stored.input, await readDirectory(REGISTRY_AGE_MS));
  };
}
