/** Starts a worker: its parts, in the order in which each needs those before it. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { openProcessStore, startHousekeeping } from '../src/housekeeping.ts';
import { createCancel } from '../src/jobs/cancel-job.ts';
import { createReadOrders } from '../src/jobs/operator-pauses.ts';
import { ErrorCounts } from '../src/jobs/error-counts.ts';
import { openQueue } from '../src/jobs/open-queue.ts';
import { ProcessRegistry } from '../src/jobs/process-registry.ts';
import { createStats, type QueueStats } from '../src/jobs/stats.ts';
import { kindOf } from '../src/jobs/to-snapshot.ts';
import { createWorkerDirectory, Registration } from '../src/jobs/worker-registry.ts';
import { kindsSet } from '../src/kinds/generate-response.ts';
import { checkKinds } from '../src/kinds/kind.ts';
import type { Fail, Parts, Ready } from '../src/process.ts';
import { endWhenStuck } from '../src/store/loop-age.ts';
import type { ProcessStore } from '../src/store/store.ts';
import { openTraces } from '../src/traces-parts.ts';
import { type Ability, findAbility } from './ability.ts';
import { hasMoneyBudget, mainProvider, modelWarnings, supportInWords, withoutLists } from './description.ts';
import type { Implementation } from './handler.ts';
import { Health, troubleOf } from './health.ts';
import { isServed } from './lanes.ts';
import { openWorkerMetrics } from './metrics-parts.ts';
import { Holds } from './run/holds.ts';
import { type RunEvents, UNREADABLE_END } from './run/run-events.ts';
import { endUnreadable, UNREADABLE } from './run/unreadable.ts';
import { JobWorker } from './run/worker.ts';
import { createTasks } from './tasks.ts';
import type { Vendor } from './vendors/vendor.ts';

/** What a worker is started with. */
export type WorkerProcessOptions = {
  config: Config & { vendorVariables: Record<string, unknown> };
  log: Logger;
  version: string;
  implementations: readonly Implementation[];
  vendors: readonly Vendor[];
};

/** Starts a worker. Resolves once its health is served. */
export async function startWorker({ implementations: known, ...options }: WorkerProcessOptions, parts: Parts, fail: Fail): Promise<Ready> {
  const { config, log, version } = options;
  const isSet = new Set(
    kindsSet(
      known.map(({ kind }) => kind),
      config.responses,
    ).map(({ name: kind }) => kind),
  );
  const implementations = known.filter(({ kind }) => isSet.has(kind.name));
  const kinds = implementations.map(({ kind }) => kind);
  checkKinds(kinds);
  const { name } = config.worker;
  // Containers may share the host's name, and each is its process 1: the name alone would make them one.
  const id = `${name}-${randomUUID()}`;
  const tracer = await openTraces({ settings: config.traces, role: 'worker', instance: id, version, log }, parts);
  const health = await Health.open(config, log, parts);
  const store = parts.add(await openProcessStore(config, log, fail));
  const patient = store.connect('wait');
  const ability = await findAbility({ ...options, kinds, store: patient });
  tellAbility(ability, config, store.clock.now(), log);
  const metrics = openWorkerMetrics({ store, config, version, ...ability });

  const lanes = kinds.map((kind) => kind.name);
  const processes = new ProcessRegistry(store, { id, onError: store.onError('registry') });
  await processes.enter();
  parts.add({ close: () => processes.leave() });
  // Before any job is taken: nobody pays for a job whose time is
  // over, and no record that can't be read stops the worker.
  const { retentionS } = config.job;
  parts.add(await startHousekeeping(store, createCancel(store, retentionS, metrics.onCancelled), retentionS, log));
  await endUnreadableJobs({ store, lanes, retentionS }, log, metrics.events);

  const queue = parts.add(openQueue(patient, config.job));
  const holds = new Holds({ store, id, providerOf: (kind) => providerOf(ability, kind), onError: store.onError('operators') });
  await holds.begin(); // before any job is taken that operators have paused
  parts.add(holds);
  const errors = parts.add(new ErrorCounts(store, store.onError('errors')));
  const tasks = createTasks({ config, implementations, ability, store, patient, processes, holds, errors, events: metrics.events, tracer });
  const worker = new JobWorker(store, patient, tasks, { ...config.job, ...config.worker, lanes, served: ability.served }, log);
  parts.add({ close: () => worker.close(config.stop.graceMs) });
  const stuck = { what: "the worker's loop", ageMs: () => worker.loopAgeMs(), monitor: store.monitor, fail };
  parts.add(endWhenStuck({ ...stuck, onError: store.onError('loop') }));
  const vitals = () => ({ ...worker.vitals(), quiet: holds.quiet });
  const registration = new Registration(store, id, ability.description, store.onError('registry'), { vitals });
  await registration.register();
  holds.onChange(() => void registration.register()); // the API reckons with what it can do now
  parts.add({ close: () => registration.leave() });
  const working = { store, worker, registered: () => registration.registered };
  metrics.watch(worker, () => troubleOf(working));

  const { concurrency } = ability.description;
  const inLanes = slotsIn(ability);
  const facts = { name, concurrency, lanes: inLanes, version, provider: mainProvider(ability.assignments) };
  await health.serve({ ...working, facts, metrics: metrics.page });
  // A directory of its own: what is remembered of this reading must not answer who can do a job.
  const pauses = async () => (await createReadOrders(store)()).pauses;
  const readStats = createStats(queue, store, { rate: config.worker.rate, lanes, workers: createWorkerDirectory(store), pauses });
  void warnOfLimiter(readStats, log).catch(store.onError('statistics'));
  log.info({ port: health.port, concurrency, lanes: inLanes }, 'worker listening');
  return { ready: true, port: health.port, kinds: kindsInWords(ability, config.worker) };
}

/** Logs what the worker can do, and what its operator should know of its models. */
function tellAbility({ description: { kinds } }: Ability, config: Config, now: number, log: Logger): void {
  log.info({ kinds: withoutLists(kinds) }, 'what this worker can do');
  for (const warning of new Set(modelWarnings(kinds, hasMoneyBudget(config), now))) log.warn(warning);
}

/** Ends the jobs whose records can't be read. Where Redis is away, the worker does it later. */
async function endUnreadableJobs(
  where: Parameters<typeof endUnreadable>[0] & { store: ProcessStore },
  log: Logger,
  events: Pick<RunEvents, 'ended'>,
): Promise<void> {
  const ended = await endUnreadable(where).catch((error: unknown) => (where.store.report('unreadable records', error), []));
  for (const jobId of ended) {
    log.error({ jobId }, UNREADABLE);
    events.ended(kindOf(jobId), UNREADABLE_END);
  }
}

/** Who does a kind here. */
function providerOf({ assignments }: Ability, kind: string): string | undefined {
  const support = assignments.get(kind)?.support;
  return support?.available ? support.provider : undefined;
}

/** How many jobs of each kind it runs at once. */
function slotsIn({ description: { lanes = {} } }: Ability): Record<string, number> {
  return Object.fromEntries(Object.entries(lanes).map(([kind, { concurrency }]) => [kind, concurrency]));
}

/** Who does each kind and how many at once, for the person at the terminal. */
function kindsInWords(ability: Ability, config: Config['worker']): NonNullable<Ready['kinds']> {
  const slots = slotsIn(ability);
  return [...ability.assignments].map(([kind, { support }]) => [kind, supportInWords(support, isServed(kind, config)), slots[kind] ?? 0]);
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
