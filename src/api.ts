/** Starts the API: its parts, in the order in which each needs those before it. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { openBulk } from './bulk-parts.ts';
import { openAccess } from './access-parts.ts';
import { createApp } from './app.ts';
import { openArchive } from './archive-parts.ts';
import { Eraser } from './archive/eraser.ts';
import type { Config } from './config.ts';
import { Drain } from './drain.ts';
import { RedisFiles } from './files/redis-files.ts';
import type { AppDeps } from './http/app-deps.ts';
import { findJob } from './http/job-access.ts';
import { Chats } from './jobs/chats.ts';
import { ActionLog } from './jobs/action-log.ts';
import { ErrorCounts } from './jobs/error-counts.ts';
import { ProcessRegistry } from './jobs/process-registry.ts';
import { createSetQuiet } from './jobs/quiet-workers.ts';
import { UserTermsBook } from './jobs/user-terms.ts';
import { OperatorPauses } from './jobs/operator-pauses.ts';
import { JobQueue } from './jobs/queue.ts';
import { createLocalLimit } from './jobs/rate-limit.ts';
import { RepeatedRequests } from './jobs/repeated-requests.ts';
import { Submissions } from './jobs/submissions.ts';
import { createLanes } from './jobs/lanes.ts';
import { kindsSet } from './kinds/generate-response.ts';
import { checkKinds, type Kind } from './kinds/kind.ts';
import { createLimits } from './limit-parts.ts';
import { listen } from './listen.ts';
import { createNodeHttp } from './node-server.ts';
import { openApiMetrics } from './metrics-parts.ts';
import { Notifier } from './notification-parts.ts';
import { createDocumentFiles } from './document-files.ts';
import { createPageFiles, readSwaggerFile } from './page-files.ts';
import type { Fail, Parts, Ready } from './process.ts';
import { openProcessStore, startHousekeeping } from './housekeeping.ts';
import type { Clock } from './store/clock.ts';
import { openStreams } from './stream-parts.ts';
import { openTraces } from './traces-parts.ts';

/** What the API is started with. */
export type ApiOptions = { config: Config; log: Logger; version: string; kinds: readonly Kind[] };

/** The name of the policy for submissions, over all processes and while Redis is away. */
const SUBMIT = 'submit';

/** Starts the API. Resolves once it serves. */
export async function startApi({ config, log, version, kinds: known }: ApiOptions, parts: Parts, fail: Fail): Promise<Ready> {
  const kinds = kindsSet(known, config.responses);
  checkKinds(kinds);
  const { job, plans, pages, hosts } = config;
  const id = `api-${randomUUID()}`;
  const tracer = await openTraces({ settings: config.traces, role: 'api', instance: id, version, log }, parts);
  const store = parts.add(await openProcessStore(config, log, fail));
  const { clock } = store;
  const processes = new ProcessRegistry(store, { id, onError: store.onError('registry') });
  await processes.enter();
  parts.add({ close: () => processes.leave() });
  const archive = await openArchive(store, config);
  const metrics = openApiMetrics({ store, config, kinds, version });
  const bounds = { ...config.bounds, submitRate: { name: SUBMIT, ...config.rateLimit } };
  const archived = archive.outbox !== undefined;
  const lanes = createLanes({ kinds, allowed: config.lanes, processes });
  const { onCancelled } = metrics;
  const queue = parts.add(new JobQueue(store, { rate: config.worker.rate, bounds, plans, lanes, archived, onCancelled, ...job }));
  parts.add(await startHousekeeping(store, (jobId, which) => queue.cancel(jobId, which), job.retentionS, log));
  const files = new RedisFiles(store, config.filesMaxBytes);
  const { addressing, statusUrl, ...access } = await openAccess(store, queue, kinds, config);
  const notifications = parts.add(new Notifier({ store, config, kinds, version, queue, statusUrl, log, tracer, onTry: metrics.onTry }));
  const eraser = new Eraser({ queue, files, notifications, archive: archive.erasing });
  const archiving = parts.add(archive.start({ queue, files, eraser, notifications: notifications.queue, log }));
  const limits = createLimits(config);
  const { shares } = limits;
  const streamOptions = { store, fail, queue, config, shares, addressing, notifications, archiving, metrics: metrics.streams };
  const streams = parts.add(openStreams(streamOptions));
  metrics.watch({ queue, outbox: archive.outbox, notifications: notifications.queue, shares });
  const drain = new Drain(config.stop.drainMs);
  const { createServer, ...http } = createNodeHttp(shares.answers, config.stallMs);
  const shared = { kinds, version, log, tracer, pages, hosts, queue, clock, files, eraser, notifications };
  const app = createApp({
    ...shared,
    ...access,
    ...limits,
    ...streams,
    ...http,
    submissions: openSubmissions(queue, clock, kinds, archive.jobs, config),
    repeated: new RepeatedRequests(store),
    archive: archive.jobs,
    outbox: archive.outbox,
    actions: new ActionLog(store),
    pauses: new OperatorPauses(store),
    errorCounts: new ErrorCounts(store, store.onError('errors')),
    users: new UserTermsBook(store),
    setQuiet: createSetQuiet(store),
    bulk: openBulk({ store, queue, eraser, notifications }, parts),
    chats: new Chats(store, job.retentionS),
    draining: () => drain.begun,
    storeTrouble: () => store.monitor.probe(),
    storeWarnings: () => store.warnings(),
    events: metrics.requests,
    metrics: metrics.page,
    readAsset: readSwaggerFile,
    pageFiles: createPageFiles(!config.production),
    documentFiles: createDocumentFiles(!config.production),
  });
  const place = { host: config.host, ports: [config.port], variable: 'PORT', shared: config.portShared };
  const listening = parts.add(await listen(() => createServer(app.fetch), place));
  parts.add({ close: streams.drain }); // streams end first, or the server would wait for them
  parts.add({ close: () => drain.serveOn(listening) });
  const ready = { port: listening.port, users: access.identity.description, archive: archive.description };
  log.info(ready, 'api listening');
  return { ready: true, ...ready };
}

function openSubmissions(
  queue: JobQueue,
  clock: Clock,
  kinds: readonly Kind[],
  archive: AppDeps['archive'],
  { rateLimit, plans, sameWorkMs, job }: Config,
): Submissions {
  return new Submissions({
    queue,
    clock,
    kinds,
    findJob: (jobId, after) => findJob({ queue, archive }, { jobId, access: { as: 'service' }, allows: () => true, after }),
    localLimit: createLocalLimit({ name: SUBMIT, ...rateLimit }),
    plans,
    sameWorkMs,
    maxAttempts: job.attempts,
  });
}
