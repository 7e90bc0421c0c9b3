/** Starts the API: connections, feeds, app and port, each with what closes it. */
import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import { createAddressOf } from './client-address.ts';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { createErrorLog } from './repeated-errors.ts';
import { tenantOf } from './job/tenant.ts';
import { checkKinds, type Kind } from './kinds/kind.ts';
import { createBearerCheck } from './http/bearer-check.ts';
import { createChildUrls, joinAddresses } from './http/child-urls.ts';
import { createOutputUrls } from './http/output-urls.ts';
import { findJob } from './http/find-job.ts';
import { jobUrls } from './http/job-urls.ts';
import { identificationFor } from './identity/identification.ts';
import { createShares } from './http/shares.ts';
import { createPace } from './http/pace.ts';
import { createStreamTokens } from './http/stream-token.ts';
import { fixedSecrets, sharedSecrets } from './http/token-secrets.ts';
import { hmacSha256 } from './hmac.ts';
import { listen } from './listen.ts';
import { createNodeServer, pullFromIncoming } from './node-server.ts';
import { createNodeFiles, createNodeTransport } from './node-transport.ts';
import { createUnsentCount } from './unsent.ts';
import { watchAcknowledgements } from './vanished-clients.ts';
import { openNotifications } from './notification-parts.ts';
import { createPageFiles } from './page-files.ts';
import type { Closer, Fail, Ready } from './process.ts';
import { readSwaggerFile } from './swagger-files.ts';
import { createErasure } from './archive/erasure.ts';
import { openArchive } from './archive-parts.ts';
import { createRedisFiles } from './files/redis-files.ts';
import { startUpkeep } from './files/upkeep.ts';
import { watchDeadlines } from './queue/deadlines.ts';
import { createEventReader } from './queue/event-reader.ts';
import { keysUnder } from './queue/keys.ts';
import { createQueue } from './queue/queue.ts';
import { createLocalLimit } from './queue/rate-limit.ts';
import { startForgetting } from './queue/retention.ts';
import { estimate, ESTIMATE_AGE_MS } from './queue/stats.ts';
import { openStore } from './queue/store.ts';
import { createSubmissions } from './queue/submissions.ts';
import { createConnections } from './stream/connections.ts';
import { createFeed } from './stream/feed.ts';
import type { Addressing, OnEndSent } from './stream/job-channel.ts';
import { createUserFeed } from './stream/user-feed.ts';

/** What the API is started with. */
export type ApiParts = { config: Config; log: Logger; version: string; kinds: readonly Kind[] };

/** How many of a user's newest jobs the user's stream takes stock of, beside all that have not ended. */
const USER_JOBS = 100;

/** How many reads a user has for each submission, in each process: enough for any but a client gone wild. */
const READS_A_SUBMISSION = 1000;

/** How many requests of a user are served in a second for each submission that the user has in it, and at least; further ones wait. */
const PACE_A_SUBMISSION = 100;
const LEAST_PACE = 100;

/** How often every followed job is read, whatever was signalled, in ms. */
const RECONCILE_MS = 20_000;

/** Starts the API. Resolves once it serves; `closers` undo what was opened. */
export async function startApi({ config, log, version, kinds }: ApiParts, closers: Closer[], fail: Fail): Promise<Ready> {
  const { keyPrefix, mayEvict } = config;
  const store = await openStore({ url: config.redisUrl, keyPrefix, mayEvict, log, logError: createErrorLog(log), onUnusable: fail });
  closers.push(store.close);
  const { redis, monitor, clock } = store;
  checkKinds(kinds);

  const keys = keysUnder(keyPrefix);
  const submitPolicy = { name: 'submit', ...config.rateLimit };
  const bounds = { ...config.bounds, submitRate: submitPolicy };
  const onArchiveError = store.onError('archive');
  const archive = await openArchive({
    redis,
    clock,
    keys,
    settings: config.archive,
    retentionS: config.job.retentionS,
    onError: onArchiveError,
  });
  const archived = archive.writing !== undefined;
  const queue = createQueue(redis, { keyPrefix, clock, rate: config.worker.rate, bounds, plans: config.plans, archived, ...config.job });
  closers.push(() => queue.close());
  const onCancelled = (jobId: string) => log.info({ jobId }, 'job cancelled: its time was up');
  closers.push(await watchDeadlines({ redis, keys, cancel: queue.cancel, onCancelled, onError: store.onError('deadlines') }));

  const files = createRedisFiles({ redis, keys, maxTotalBytes: config.filesMaxBytes });
  closers.push(startUpkeep({ redis, keys, retentionS: config.job.retentionS, onError: store.onError('files') }));
  closers.push(startForgetting(redis, keys, { retentionS: config.job.retentionS, onError: store.onError('retention') }));

  const notifications = openNotifications({
    store,
    keys,
    keyPrefix,
    settings: config.notifications,
    production: config.production,
    retentionS: config.job.retentionS,
    maxRetries: config.job.maxRetries,
    kinds,
    version,
    log,
    sharedSecret: () => queue.shared('webhook-secret', randomSecret),
  });
  const { deliveries, listeners } = notifications;
  const erasure = createErasure({ queue, files, notifications: deliveries, archive: archive.erasing });
  const delivery = archive.writing?.start({ queue, files, erasure, eraseNotifications: deliveries.erase, log });
  closers.push(() => delivery?.close());

  const { tokenSecrets, tokenTtlS } = config.stream;
  const secrets = tokenSecrets
    ? fixedSecrets(tokenSecrets)
    : sharedSecrets((own) => queue.shared('stream-token-secret', () => own), randomSecret);
  const tokens = createStreamTokens({ sign: hmacSha256, secrets, ttlS: tokenTtlS });
  const sharedKeys = keys.shared(`jwks:${config.auth.type === 'supabase' ? config.auth.url : ''}`);
  const identity = await identificationFor(config.auth, {
    kept: { load: () => redis.get(sharedKeys), save: (text, ttlMs) => redis.set(sharedKeys, text, 'PX', ttlMs) },
    onError: store.onError('identity'),
  });
  const statusUrl = async (jobId: string) => jobUrls(jobId, await tokens.issuer(), identity.required).statusUrl;
  const sending = notifications.start({ jobs: queue, statusUrl });
  closers.push(() => sending.close());
  const onEndSent: OnEndSent = (job, sink) => listeners.told(job, sink.taken);
  const outputUrls = joinAddresses(createOutputUrls(kinds, identity.required), createChildUrls(kinds, identity.required));
  const addressing: Addressing = async (jobId) => outputUrls(jobId)?.(await tokens.issuer());
  const onError = store.onError('stream');
  const connections = createConnections(config.stream.maxAgeMs);
  const feed = createFeed({
    readJob: queue.read,
    connections,
    eta: async ({ position }) => estimate(await queue.stats(ESTIMATE_AGE_MS), position),
    addressing,
    onEndSent,
    onError,
  });
  const jobsOf = async (owner: string) => {
    const [{ jobs }, open] = await Promise.all([queue.jobsOf(owner, { limit: USER_JOBS }), queue.openJobsOf(owner)]);
    const newest = new Set(jobs.map(({ id }) => id));
    return [...jobs, ...open.filter(({ id }) => !newest.has(id)).toReversed()];
  };
  const shares = createShares(config.shares);
  const turn = (owner: string, signal: AbortSignal) => shares.reads.turn(tenantOf(owner, undefined), signal);
  const userFeed = createUserFeed({ readJob: queue.read, jobsOf, turn, connections, clock, addressing, onEndSent, onError });
  const eventReader = createEventReader({
    pattern: store.connect('wait', { lazyConnect: true }),
    redis,
    keyPrefix,
    onSignal(signal) {
      feed.signal(signal);
      userFeed.signal(signal);
      if (signal.type !== 'changed' || signal.change !== 'ended') return;
      delivery?.ended(signal.jobId);
      sending.ended(signal.jobId);
    },
    onError: store.onError('events'),
  });
  closers.push(() => eventReader.close());

  const reconcile = () => {
    feed.reconcile();
    userFeed.reconcile();
  };
  redis.on('ready', reconcile);
  const beat = Math.min(config.stream.heartbeatMs, config.stream.maxAgeMs / 10);
  const timers = [setInterval(connections.heartbeat, beat), setInterval(reconcile, RECONCILE_MS)];
  closers.push(() => timers.forEach(clearInterval));

  const { stallMs } = config;
  const unsent = createUnsentCount(shares.answers, watchAcknowledgements({ deadlineMs: stallMs, everyMs: stallMs / 6 }));
  const submissions = createSubmissions({
    queue,
    clock,
    kinds,
    findJob: (jobId, after) => findJob({ queue, archive: archive.jobs }, { jobId, access: { as: 'service' }, allows: () => true, after }),
    localLimit: createLocalLimit(submitPolicy),
    plans: config.plans,
    sameWorkMs: config.sameWorkMs,
    maxAttempts: config.job.attempts,
  });
  const addressOf = createAddressOf(config.trustedProxies);
  const app = createApp({
    kinds,
    queue,
    clock,
    files,
    erasure,
    archive: archive.jobs,
    outbox: archive.writing?.outbox,
    notifications: {
      faultOf: notifications.callbacks.faultOf,
      secrets: notifications.secrets,
      deliveries,
      accepted: sending.accepted,
      handOn: sending.handOn,
      told: listeners.told,
    },
    submissions,
    feed,
    userFeed,
    connections,
    transport: createNodeTransport(undefined, unsent),
    sendFile: createNodeFiles(unsent),
    countFor: (env, holder) => unsent.countFor((env as HttpBindings).outgoing, holder),
    pullBody: pullFromIncoming,
    shares,
    stallMs,
    tokens,
    outputUrls,
    pace: createPace(Math.max(LEAST_PACE, (PACE_A_SUBMISSION * config.rateLimit.max) / config.rateLimit.windowS)),
    readLimit: createLocalLimit({ name: 'read', max: READS_A_SUBMISSION * config.rateLimit.max, windowS: config.rateLimit.windowS }),
    listLimit: createLocalLimit({ name: 'list', max: config.listsPerSecond, windowS: 1 }),
    redeliverLimit: createLocalLimit({ name: 'redeliver', ...config.rateLimit }),
    addressOf,
    checkOperator: createBearerCheck({
      secret: config.adminToken,
      variable: 'ADMIN_TOKEN',
      whose: "This address is the operator's",
      addressOf,
    }),
    checkDatabase: createBearerCheck({
      secret: config.supabaseWebhookSecret,
      variable: 'SUPABASE_WEBHOOK_SECRET',
      whose: "This address is the database's",
      addressOf,
    }),
    log,
    listening: eventReader.listening,
    storeTrouble: monitor.probe,
    storeWarnings: store.warnings,
    draining: () => draining,
    pages: config.pages,
    identity,
    hosts: config.hosts,
    version,
    readAsset: readSwaggerFile,
    pageFiles: createPageFiles(!config.production),
  });

  const createServer = () => createNodeServer(app.fetch, unsent);
  let draining = false;
  const { port, close } = await listen(createServer, { host: config.host, ports: [config.port], variable: 'PORT' });
  closers.push(close);
  closers.push(() => {
    draining = true;
    connections.close(); // streams end first, or the server would wait for them
  });
  const { description: users } = identity;
  log.info({ port, users, archive: archive.description }, 'api listening');
  return { ready: true, port, users, archive: archive.description };
}

function randomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}
