/** Puts notifications together: what the routes use of them, and what sends them. */
import type { Logger } from 'pino';
import type { Config } from './config.ts';
import type { Kind } from './kinds/kind.ts';
import { createDeliveries, type Deliveries } from './notifications/deliveries.ts';
import { createDeliverPush, createReadReceipt } from './notifications/deliver-push.ts';
import { createDeliverWebhook } from './notifications/deliver-webhook.ts';
import { createDispatch } from './notifications/dispatch.ts';
import { createExpo } from './notifications/expo.ts';
import { createGone } from './notifications/gone.ts';
import { createLanes } from './notifications/lanes.ts';
import { createListeners, type Listeners } from './notifications/listeners.ts';
import type { Notification } from './notifications/notification.ts';
import { createPlaces } from './notifications/places.ts';
import { post } from './notifications/post.ts';
import { type CallbackAddresses, callbackAddresses } from './notifications/public-addresses.ts';
import { createResolveName } from './notifications/resolve-name.ts';
import { pauseAfter } from './notifications/retry-times.ts';
import { createWebhookSecrets, type WebhookSecrets } from './notifications/webhook-secrets.ts';
import type { Keys } from './store/keys.ts';
import { childIdOf } from './jobs/child-id.ts';
import { openNotificationQueue } from './notifications/notification-queue.ts';
import type { Tried, Try } from './notifications/notification-sender.ts';
import { createOutbox } from './ends/outbox.ts';
import { startOutboxLoop } from './ends/outbox-loop.ts';
import type { JobQueue } from './jobs/queue.ts';
import type { Store } from './store/store.ts';

/** What is there of notifications. */
export type NotificationParts = {
  callbacks: Pick<CallbackAddresses, 'faultOf'>;
  /** Undefined where webhooks are off, because their secret is not set. */
  secrets?: WebhookSecrets | undefined;
  deliveries: Deliveries;
  listeners: Listeners;
  /** Begins to send. */
  start(needs: SendingNeeds): Sending;
};

/** What sending needs of the rest of the process. `statusUrl`: makes the address at which a job's status is read. */
export type SendingNeeds = { jobs: JobQueue; statusUrl: (jobId: string) => Promise<string> };

/** What sends. */
export type Sending = {
  /** This process has accepted a job that tells of its end. `next`: the kind of the job that it leads to. */
  accepted(jobId: string, next?: string): void;
  /** A job has ended. */
  ended(jobId: string): void;
  /** Hands on the end of a job now, before it can change: the job is about to be retried. */
  handOn(jobId: string): Promise<void>;
  close(): Promise<void>;
};

/** What notifications are opened with. `retentionS`: how long ended jobs are kept, in s. `sharedSecret`: one that all processes agree on. */
export type NotificationOptions = {
  store: Store;
  keys: Keys;
  keyPrefix: string;
  settings: Config['notifications'];
  production: boolean;
  retentionS: number;
  /** How often a user may have one webhook sent again. */
  maxRetries: number;
  kinds: readonly Kind[];
  version: string;
  log: Logger;
  sharedSecret: () => Promise<string>;
};

/** How many accepted jobs are remembered, so that their ends are told at once. Those of others are found when their time to be looked at comes. */
const MAX_ACCEPTED = 10_000;

/** Opens them. */
export function openNotifications(options: NotificationOptions): NotificationParts {
  const { store, keys, keyPrefix, settings, production, retentionS, maxRetries, kinds, version, log, sharedSecret } = options;
  const { redis, clock, onError } = store;
  const { pushDelayMs } = settings;
  const queue = openNotificationQueue<Notification>(store, keys, keyPrefix);
  const callbacks = callbackAddresses(production);
  const gone = createGone(redis, keys);
  const listeners = createListeners({ redis, keys, clock, onError: onError('notifications') });
  const roots = rootsOf(settings.webhookSecrets, production ? undefined : sharedSecret);
  const secrets = roots && createWebhookSecrets({ redis, keys, clock, roots });

  const startSending = (statusUrl: SendingNeeds['statusUrl']): void => {
    const { blockList } = callbacks;
    const resolveName = createResolveName({ servers: settings.nameServers });
    const lanes = createLanes();
    const service = createExpo(settings.expo);
    const sendWebhook =
      secrets &&
      createDeliverWebhook({
        post: (request, timeoutMs, signal) => post(request, { blockList, resolveName, timeoutMs, signal }),
        secrets,
        places: createPlaces(lanes),
        gone,
        statusUrl,
        userAgent: `ai-jobs/${version}`,
        log,
      });
    const sendPush = createDeliverPush({ service, listeners, gone, lanes, clock, textOf: createTexts(kinds), log });
    const readReceipt = createReadReceipt({ service, gone, lanes, log });
    queue.start(async (tried: Try<Notification>): Promise<Tried<Notification>> => {
      const { data } = tried;
      switch (data.type) {
        case 'webhook':
          return sendWebhook ? sendWebhook(tried, data) : webhooksOff(tried);
        case 'push':
          return sendPush(tried, data);
        case 'receipt':
          return readReceipt(tried, data);
      }
    });
  };

  return {
    callbacks,
    secrets,
    deliveries: createDeliveries({ queue, gone, maxResent: maxRetries }),
    listeners,
    start({ jobs, statusUrl }) {
      startSending(statusUrl);
      const outbox = createOutbox(redis, keys, keys.notifications, { clock, retentionS });
      const deliver = createDispatch({ outbox, jobs, queue, clock, pushDelayMs });
      const loop = startOutboxLoop({
        outbox,
        deliver,
        onError: onError('notifications'),
      });
      const accepted = new Set<string>();
      return {
        accepted(jobId, next) {
          accepted.add(jobId);
          if (next !== undefined) accepted.add(childIdOf(jobId, next));
          for (const oldest of accepted) {
            if (accepted.size <= MAX_ACCEPTED) break;
            accepted.delete(oldest);
          }
        },
        ended(jobId) {
          if (accepted.delete(jobId)) loop.ended(jobId);
        },
        handOn: async (jobId) => deliver((await outbox.claim([jobId])).claims),
        async close() {
          await loop.close();
          await queue.close();
        },
      };
    },
  };
}

/** The server's secrets, the newest first. Without one, processes share one through Redis, which production does not do: receivers would lose theirs with it. */
function rootsOf(
  secrets: readonly string[] | undefined,
  shared: (() => Promise<string>) | undefined,
): (() => Promise<readonly string[]>) | undefined {
  if (secrets) return async () => secrets;
  return shared && (async () => [await shared()]);
}

/** Another process may have the secret: one that was deployed before this one, or after it. */
function webhooksOff({ number }: Try<Notification>): Tried<Notification> {
  return { type: 'again', afterMs: pauseAfter('webhook', number), reason: 'webhooks_off' };
}

/** What a phone shows of a job's end. It says nothing of the content: anyone may see a locked screen. */
function createTexts(kinds: readonly Kind[]): (kind: string, status: string) => string {
  return (name, status) => {
    const texts = kinds.find((kind) => kind.name === name)?.pushTexts;
    return status === 'completed' ? (texts?.completed ?? 'Your result is ready.') : (texts?.failed ?? 'Something went wrong. Try again.');
  };
}
