/** The parts of the process that the routes use. */
import type { Context } from 'hono';
import type { Logger } from 'pino';
import type { ArchivedJobs } from '../archive/archived-jobs.ts';
import type { Eraser } from '../archive/eraser.ts';
import type { ArchiveOutbox } from '../archive/outbox.ts';
import type { FileStore } from '../files/store.ts';
import type { Identification } from '../identity/caller.ts';
import type { Tenant } from '../job/tenant.ts';
import type { Kind } from '../kinds/kind.ts';
import type { Deliveries } from '../notifications/deliveries.ts';
import type { NotificationQueue } from '../notifications/notification-queue.ts';
import type { SeenEnds } from '../notifications/seen-ends.ts';
import type { CallbackAddresses } from '../notifications/public-addresses.ts';
import type { WebhookEndpoints } from '../notifications/webhook-endpoints.ts';
import type { WebhookSecrets } from '../notifications/webhook-secrets.ts';
import type { ActionLog } from '../jobs/action-log.ts';
import type { Chats } from '../jobs/chats.ts';
import type { Clock } from '../store/clock.ts';
import type { BulkActions } from '../jobs/bulk-actions.ts';
import type { createSetQuiet } from '../jobs/quiet-workers.ts';
import type { UserTermsBook } from '../jobs/user-terms.ts';
import type { OperatorPauses } from '../jobs/operator-pauses.ts';
import type { ErrorCounts } from '../jobs/error-counts.ts';
import type { JobQueue } from '../jobs/queue.ts';
import type { RepeatedRequests } from '../jobs/repeated-requests.ts';
import type { LocalLimit } from '../jobs/rate-limit.ts';
import type { Submissions } from '../jobs/submissions.ts';
import type { StoreTrouble } from '../store/store-trouble.ts';
import type { Connections } from '../stream/connections.ts';
import type { Feed } from '../stream/feed.ts';
import type { Transport } from '../stream/response.ts';
import type { UserFeed } from '../stream/user-feed.ts';
import type { Tracer } from '../traces/tracer.ts';
import type { ReadAsset } from './asset.ts';
import type { BearerCheck } from './bearer-check.ts';
import type { PullBody } from './body.ts';
import type { AppEnv } from './context.ts';
import type { CallingPages } from './origins.ts';
import type { MetricsAccess } from '../metrics/access.ts';
import type { ProcessMetrics } from '../metrics/process-metrics.ts';
import type { AddressesOfValues } from './job-addresses.ts';
import type { Pace } from './pace.ts';
import type { RequestEvents } from './request-events.ts';
import type { SendFile } from './send-file.ts';
import type { Shares } from './shares.ts';
import type { StreamTokens } from './stream-token.ts';

/** What the routes use of webhooks and push notifications. */
export type Notifications = {
  /** What is wrong with a URL that is to be called back; undefined if nothing is. */
  faultOf: CallbackAddresses['faultOf'];
  /** The secrets that webhooks are signed with. If they are undefined, webhooks are off. */
  secrets?: WebhookSecrets | undefined;
  /** The users' webhook endpoints; undefined where webhooks are off. */
  endpoints?: WebhookEndpoints | undefined;
  deliveries: Pick<Deliveries, 'of' | 'retry' | 'failed' | 'replay'>;
  queue: Pick<NotificationQueue<unknown>, 'counts'>;
  /** A job with a webhook or a push was accepted. `next`: the kind of the job that it leads to. */
  accepted: (jobId: string, next?: string) => void;
  /** Hands on the end of a job now: the job is about to be retried. */
  handOn: (jobId: string) => Promise<void>;
  /** A client was given a job that has ended. */
  endSeen: SeenEnds['add'];
};

/** All parts. None of them knows a process or a port. */
export type AppDeps = {
  /** The kinds that can be submitted. */
  kinds: readonly Kind[];
  queue: JobQueue;
  /** Which job gives the newest answer in each chat. */
  chats: Pick<Chats, 'begin' | 'bind' | 'find'>;
  /** The clock that all processes share, and how far this process' own is from it. */
  clock: Clock;
  files: FileStore;
  eraser: Eraser;
  /** Jobs that Redis has forgotten; undefined where there is no archive to read. */
  archive?: ArchivedJobs | undefined;
  /** What is on its way to the archive; undefined where nothing is written to it. */
  outbox?: Pick<ArchiveOutbox, 'state' | 'parked' | 'parkedOf' | 'parkedAfter' | 'reopen'> | undefined;
  feed: Feed;
  userFeed: UserFeed;
  connections: Connections;
  /**
   * How streams and files reach their clients on this runtime, and how bodies of requests reach the
   * app.
   */
  transport: Transport;
  sendFile: SendFile;
  pullBody: PullBody;
  /** Sets the holder for whom the unsent bytes of this request's answer count. */
  countFor: (env: unknown, holder: Tenant) => void;
  /** What requests hold. */
  shares: Shares;
  /** How long a body, or the download of a file, may stand still, in ms. */
  stallMs: number;
  tokens: StreamTokens;
  /** Puts the addresses of output files into values that are sent. */
  outputUrls: AddressesOfValues;
  /** The policy for submissions and retries. */
  submissions: Submissions;
  /** Requests that clients of `/v1` repeat by themselves. */
  repeated: Pick<RepeatedRequests, 'key'>;
  /** The limit for reads. Submissions are limited by their own policy. */
  readLimit: LocalLimit;
  /** The pace of each user. */
  pace: Pick<Pace, 'asks' | 'next'>;
  /** The limit for lists of a user's jobs: a list is no poll. */
  listLimit: LocalLimit;
  /** The limit for webhooks that a user has sent again, over all jobs. */
  redeliverLimit: LocalLimit;
  /** The network address a request came from, where it is known. */
  addressOf: (c: Context) => string | undefined;
  log: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Whether the process is about to stop. Then no new stream is begun. */
  draining: () => boolean;
  /** Whether the event reader is reading. If it is not, streams are late. */
  listening: () => boolean;
  /** Tests Redis with a write, once a second at most. Resolves with what is wrong, or undefined. */
  storeTrouble: () => Promise<StoreTrouble | undefined>;
  /** What an operator should know of Redis, a sentence each. */
  storeWarnings: () => string[];
  /** What goes wrong with jobs. */
  errorCounts: Pick<ErrorCounts, 'read'>;
  /** What operators have done. */
  actions: Pick<ActionLog, 'read' | 'write'>;
  /** By which operators pause and resume. */
  pauses: Pick<OperatorPauses, 'pause' | 'resume'>;
  /** What operators set for single users. */
  users: Pick<UserTermsBook, 'set' | 'of' | 'list'>;
  /** By which operators tell a worker to take no more jobs, or to go on. */
  setQuiet: ReturnType<typeof createSetQuiet>;
  /** What operators do to many jobs. `look`: one was started, and this process may do it. */
  bulk: { actions: Pick<BulkActions, 'keep' | 'start' | 'read'>; look(): void };
  /**
   * Lets only an operator pass, who shows ADMIN_TOKEN or one of ADMIN_TOKENS. The context then has
   * the name.
   */
  checkOperator: (c: Context<AppEnv>) => void;
  /**
   * Lets only the project's database pass, which reports deleted users and shows
   * SUPABASE_WEBHOOK_SECRET.
   */
  checkDatabase: BearerCheck;
  notifications: Notifications;
  /** Takes what happens with requests, to count it. */
  events: RequestEvents;
  /** Takes spans of requests. */
  tracer: Tracer;
  /** The metrics of the process, and who may read them. */
  metrics: { text: ProcessMetrics['text']; contentType: string; access: MetricsAccess };
  /** The web pages that may call. */
  pages: CallingPages;
  /** How users are identified. */
  identity: Identification;
  /** The version of this service. */
  version: string;
  /** Reads a file of the page at /docs, and one of the page at /. */
  readAsset: ReadAsset;
  pageFiles: ReadAsset;
  documentFiles: ReadAsset;
  /**
   * The host names this server answers to, beside IP addresses and localhost; undefined for any.
   */
  hosts: string[] | undefined;
};
