/** Puts notifications together: what the routes use of them, and what sends them. */
import type { Logger } from 'pino';
import { randomSecret } from './access-parts.ts';
import type { Config } from './config.ts';
import { type Claim, createOutbox, type Outbox, OutboxLoop, type Settlement } from './ends/outbox.ts';
import type { Notifications } from './http/app-deps.ts';
import { childIdOf } from './jobs/child-id.ts';
import type { JobQueue } from './jobs/queue.ts';
import type { Kind } from './kinds/kind.ts';
import { Deliveries } from './notifications/deliveries.ts';
import { createDeliverPush, createReadReceipt } from './notifications/deliver-push.ts';
import { createDeliverWebhook } from './notifications/deliver-webhook.ts';
import { createExpo } from './notifications/expo.ts';
import { Gone } from './notifications/gone.ts';
import { Bulkheads } from './notifications/bulkheads.ts';
import { SeenEnds } from './notifications/seen-ends.ts';
import { type Notification, notificationsOf } from './notifications/notification.ts';
import { NotificationQueue } from './notifications/notification-queue.ts';
import type { Try, TryResult } from './notifications/notification-sender.ts';
import { Places } from './notifications/places.ts';
import { post } from './notifications/post.ts';
import { type CallbackAddresses, callbackAddresses } from './notifications/public-addresses.ts';
import { createResolveName } from './notifications/resolve-name.ts';
import { pauseAfter } from './notifications/try-times.ts';
import { WebhookEndpoints } from './notifications/webhook-endpoints.ts';
import { WebhookSecrets } from './notifications/webhook-secrets.ts';
import type { Clock } from './store/clock.ts';
import type { ProcessStore } from './store/store.ts';
import type { Tracer } from './traces/tracer.ts';

/** What notifications need of the rest of the process. */
export type NotifierOptions = {
  store: ProcessStore;
  config: Config;
  kinds: readonly Kind[];
  version: string;
  queue: JobQueue;
  /** Makes the address at which a job's status is read. */
  statusUrl: (jobId: string) => Promise<string>;
  log: Logger;
  /** Takes a span for each try. */
  tracer: Tracer;
  /** Called for each try of a notification, with what came of it. */
  onTry?: ((channel: Notification['type'], outcome: TryResult<Notification>['type']) => void) | undefined;
};

/**
 * How many accepted jobs are remembered, so that their ends
 * are notified of at once. Others are found when they are due.
 */
const MAX_ACCEPTED = 10_000;

/**
 * Sends notifications of jobs' ends for as long as the process
 * runs. Its public part is what the routes use.
 */
export class Notifier implements Notifications {
  /** What is wrong with a URL that is to be called back; undefined if nothing is. */
  readonly faultOf: CallbackAddresses['faultOf'];
  readonly secrets: WebhookSecrets | undefined;
  readonly endpoints: WebhookEndpoints | undefined;
  readonly deliveries: Deliveries;
  readonly queue: NotificationQueue<Notification>;
  readonly #seenEnds: SeenEnds;
  readonly #outbox: Outbox;
  readonly #jobs: JobQueue;
  readonly #clock: Clock;
  readonly #pushDelayMs: number;
  readonly #loop: OutboxLoop;
  /** Jobs that this process has accepted, the oldest first. */
  readonly #accepted = new Set<string>();
  #onAccepted = (): void => {};

  constructor(options: NotifierOptions) {
    const { store, config, queue } = options;
    const { production, job } = config;
    const onError = store.onError('notifications');
    this.queue = new NotificationQueue<Notification>(store);
    const callbacks = callbackAddresses(production);
    this.faultOf = callbacks.faultOf;
    this.#seenEnds = new SeenEnds(store, onError);
    const gone = new Gone(store);
    this.deliveries = new Deliveries(this.queue, gone, job.maxRetries);
    // Production shares no secret through Redis: receivers would lose theirs with it.
    const shared = production ? undefined : () => queue.shared('webhook-secret', randomSecret);
    const roots = rootsOf(config.notifications.webhookSecrets, shared);
    this.secrets = roots && new WebhookSecrets(store, roots);
    this.endpoints = this.secrets && new WebhookEndpoints(store, this.secrets);
    const { secrets, endpoints } = this;
    const signing = secrets && endpoints && { secrets, endpoints };
    this.queue.start(createSend(options, { callbacks, gone, seenEnds: this.#seenEnds, signing }));
    this.#outbox = createOutbox(store, store.keys.notifications, { retentionS: job.retentionS });
    this.#jobs = queue;
    this.#clock = store.clock;
    this.#pushDelayMs = config.notifications.pushDelayMs;
    this.#loop = new OutboxLoop(this.#outbox, (claims) => this.#dispatch(claims), onError);
  }

  accepted(jobId: string, next?: string): void {
    this.#accepted.add(jobId);
    if (next !== undefined) this.#accepted.add(childIdOf(jobId, next));
    for (const oldest of this.#accepted) {
      if (this.#accepted.size <= MAX_ACCEPTED) break;
      this.#accepted.delete(oldest);
    }
    this.#onAccepted();
  }

  /** From now on calls this when a job is accepted whose end is to be notified of. */
  onAccepted(listener: () => void): void {
    this.#onAccepted = listener;
  }

  /** Whether the end of a job is awaited; without an id, whether any end is. */
  awaits(jobId?: string): boolean {
    return jobId === undefined ? this.#accepted.size > 0 : this.#accepted.has(jobId);
  }

  endSeen(...[job, taken]: Parameters<SeenEnds['add']>): void {
    this.#seenEnds.add(job, taken);
  }

  async handOn(jobId: string): Promise<void> {
    await this.#dispatch((await this.#outbox.claim([jobId])).claims);
  }

  /** A job has ended. */
  ended(jobId: string): void {
    if (this.#accepted.delete(jobId)) this.#loop.ended(jobId);
  }

  erase(jobIds: readonly string[], owner?: string): Promise<void> {
    return this.queue.erase(jobIds, owner);
  }

  /** Erases the notifications and the webhook endpoints of a user. */
  async eraseUser(owner: string): Promise<void> {
    await Promise.all([this.queue.eraseUser(owner), this.endpoints?.eraseUser(owner)]);
  }

  async close(): Promise<void> {
    await this.#loop.close();
    await this.queue.close();
  }

  /** Makes the notifications of ends. Rejects where Redis is away; the claims come again then. */
  async #dispatch(claims: readonly Claim[]): Promise<void> {
    await this.#outbox.settle(
      await Promise.all(
        claims.map(async (claim): Promise<Settlement> => {
          await this.#enqueue(claim.id);
          return { ...claim, how: { type: 'done' } };
        }),
      ),
    );
  }

  async #enqueue(jobId: string): Promise<void> {
    const [view, { targets, requestId } = {}] = await Promise.all([this.#jobs.read(jobId), this.#jobs.payloadOf(jobId)]);
    if (!view || !targets) return;
    const { snapshot } = view;
    const endpoints = targets.response === 'endpoints' ? await this.endpoints?.of(snapshot.owner ?? '') : [];
    const entries = notificationsOf(snapshot, targets, { pushDelayMs: this.#pushDelayMs, now: this.#clock.now(), requestId, endpoints });
    if (entries.length === 0) return;
    await this.queue.add(entries);
    const isErased = !(await this.#jobs.there([jobId])).has(jobId); // meanwhile
    if (isErased) await this.queue.erase([jobId], snapshot.owner);
  }
}

/** What signs webhooks. */
type Signing = { secrets: WebhookSecrets; endpoints: WebhookEndpoints };

/** What sending knows of receivers and clients. */
type Contacts = { callbacks: CallbackAddresses; gone: Gone; seenEnds: SeenEnds; signing: Signing | undefined };

/** Makes the function that does one try, whatever is sent. */
function createSend(
  { store: { clock }, config, kinds, version, statusUrl, log, tracer, onTry }: NotifierOptions,
  { callbacks: { blockList }, gone, seenEnds, signing }: Contacts,
): (tried: Try<Notification>) => Promise<TryResult<Notification>> {
  const { nameServers, expo } = config.notifications;
  const resolveName = createResolveName({ servers: nameServers });
  const bulkheads = new Bulkheads();
  const service = createExpo(expo);
  const sendWebhook =
    signing &&
    createDeliverWebhook({
      post: (request, timeoutMs, signal) => post(request, { blockList, resolveName, timeoutMs, signal }),
      ...signing,
      places: new Places(bulkheads),
      gone,
      statusUrl,
      userAgent: `ai-jobs/${version}`,
      log,
    });
  const sendPush = createDeliverPush({ service, seenEnds, gone, bulkheads, clock, textOf: createTexts(kinds), log });
  const readReceipt = createReadReceipt({ service, gone, bulkheads, log });
  const send = async (tried: Try<Notification>): Promise<TryResult<Notification>> => {
    const { data } = tried;
    switch (data.type) {
      case 'webhook':
        return sendWebhook ? sendWebhook(tried, data) : webhooksOff(tried);
      case 'push':
        return sendPush(tried, data);
      case 'receipt':
        return readReceipt(tried, data);
    }
  };
  return async (tried) => {
    const result = await inSpan(tracer, tried, send);
    onTry?.(tried.data.type, result.type);
    return result;
  };
}

/**
 * Does a try within a span of the trace that the job is of. The receiver is not told of the trace.
 * What was not begun is no try.
 */
async function inSpan(
  tracer: Tracer,
  tried: Try<Notification>,
  send: (tried: Try<Notification>) => Promise<TryResult<Notification>>,
): Promise<TryResult<Notification>> {
  const { jobId, number, data } = tried;
  const facts = { 'messaging.message.id': jobId, 'ai_jobs.try': number };
  const span = tracer.begin({ name: `deliver ${data.type}`, kind: 'client', parent: data.traceparent, facts });
  const result = await send(tried);
  if (result.type !== 'not_now') span.end({ ...('reason' in result && { error: result.reason }) });
  return result;
}

/** The server's secrets, the newest first; without any, the one that processes share through Redis. */
function rootsOf(
  secrets: readonly string[] | undefined,
  shared: (() => Promise<string>) | undefined,
): (() => Promise<readonly string[]>) | undefined {
  if (secrets) return async () => secrets;
  return shared && (async () => [await shared()]);
}

/** Another process may have the secret: one that was deployed before this one, or after it. */
function webhooksOff({ number }: Try<Notification>): TryResult<Notification> {
  return { type: 'again', afterMs: pauseAfter('webhook', number), reason: 'webhooks_off' };
}

/** What a phone shows of a job's end. It says nothing of the content: anyone may see a locked screen. */
function createTexts(kinds: readonly Kind[]): (kind: string, status: string) => string {
  return (name, status) => {
    const texts = kinds.find((kind) => kind.name === name)?.pushTexts;
    return status === 'completed' ? (texts?.completed ?? 'Your result is ready.') : (texts?.failed ?? 'Something went wrong. Try again.');
  };
}
