/** Starts the API: connections, feeds, app and port, each with what closes it. */
import type { HttpBindings } from '@hono/node-server';
import type { Logger } from 'pino';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { createErrorLog } from './repeated-errors.ts';
import { tenantOf } from './job/tenant.ts';
import { checkKinds, type Kind } from './kinds/kind.ts';
import { createChildUrls, joinAddresses } from './http/child-urls.ts';
import { createOutputUrls } from './http/output-urls.ts';
import { findJob } from './http/find-job.ts';
import { jobUrls } from './http/job-urls.ts';
import type { Identification } from './identity/caller.ts';
import { identificationFor } from './identity/identification.ts';
import { createStreamTokens, type StreamTokens } from './http/stream-token.ts';
import { fixedSecrets, sharedSecrets } from './http/token-secrets.ts';
import { hmacSha256 } from './hmac.ts';
import { startHousekeeping } from './housekeeping.ts';
import { createLimits } from './limit-parts.ts';
import { listen } from './listen.ts';
import { createNodeServer, pullFromIncoming } from './node-server.ts';
import { createNodeFiles, createNodeTransport } from './node-transport.ts';
import { createUnsentCount } from './unsent.ts';
import { watchAcknowledgements } from './vanished-clients.ts';
import { openNotifications } from './notification-parts.ts';
import { createPageFiles } from './page-files.ts';
import type { Closer, Fail, Ready } from './process.ts';
import { openStreams } from './stream-parts.ts';
import { readSwaggerFile } from './swagger-files.ts';
import { createErasure } from './archive/erasure.ts';
import { openArchive } from './archive-parts.ts';
import { createRedisFiles } from './files/redis-files.ts';
import { type Keys, keysUnder } from './store/keys.ts';
import { createQueue, type JobQueue } from './jobs/queue.ts';
import { createLocalLimit } from './jobs/rate-limit.ts';
import { openStore, type Store } from './store/store.ts';
import { createSubmissions } from './jobs/submissions.ts';
import type { Addressing } from './stream/job-channel.ts';

/** What the API is started with. */
export type ApiParts = { config: Config; log: Logger; version: string; kinds: readonly Kind[] };

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
  await startHousekeeping({ store, keys, cancel: queue.cancel, retentionS: config.job.retentionS, log }, closers);

  const files = createRedisFiles({ redis, keys, maxTotalBytes: config.filesMaxBytes });
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

  const tokens = createTokens(queue, config.stream);
  const identity = await openIdentity(store, keys, config.auth);
  const statusUrl = async (jobId: string) => jobUrls(jobId, await tokens.issuer(), identity.required).statusUrl;
  const sending = notifications.start({ jobs: queue, statusUrl });
  closers.push(() => sending.close());
  const outputUrls = joinAddresses(createOutputUrls(kinds, identity.required), createChildUrls(kinds, identity.required));
  const addressing: Addressing = async (jobId) => outputUrls(jobId)?.(await tokens.issuer());
  const limits = createLimits(config);
  const { shares } = limits;
  const { connections, ...streams } = openStreams(
    {
      store,
      keyPrefix,
      queue,
      settings: config.stream,
      turn: (owner, signal) => shares.reads.turn(tenantOf(owner, undefined), signal),
      addressing,
      onEndSent: (job, sink) => listeners.told(job, sink.taken),
      onEnded(jobId) {
        delivery?.ended(jobId);
        sending.ended(jobId);
      },
    },
    closers,
  );

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
    connections,
    ...streams,
    transport: createNodeTransport(undefined, unsent),
    sendFile: createNodeFiles(unsent),
    countFor: (env, holder) => unsent.countFor((env as HttpBindings).outgoing, holder),
    pullBody: pullFromIncoming,
    ...limits,
    stallMs,
    tokens,
    outputUrls,
    log,
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

/** The tokens of streams, signed with the secrets that are set, or with one that all processes agree on. */
function createTokens(queue: JobQueue, { tokenSecrets, tokenTtlS }: Config['stream']): StreamTokens {
  const secrets = tokenSecrets
    ? fixedSecrets(tokenSecrets)
    : sharedSecrets((own) => queue.shared('stream-token-secret', () => own), randomSecret);
  return createStreamTokens({ sign: hmacSha256, secrets, ttlS: tokenTtlS });
}

/** How users are identified. The public keys of a Supabase project are kept in Redis. */
function openIdentity({ redis, onError }: Store, keys: Keys, auth: Config['auth']): Promise<Identification> {
  const sharedKeys = keys.shared(`jwks:${auth.type === 'supabase' ? auth.url : ''}`);
  const kept = { load: () => redis.get(sharedKeys), save: (text: string, ttlMs: number) => redis.set(sharedKeys, text, 'PX', ttlMs) };
  return identificationFor(auth, { kept, onError: onError('identity') });
}

function randomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}
