/**
 * What is told of a job's end: a webhook for a server, a push
 * notification for a phone, and what has to be asked after a push.
 */
import type { JobStatus, Snapshot } from '../job/snapshot.ts';
import type { TraceParent } from '../job/trace-parent.ts';
import { digestOf } from '../store/digest.ts';
import { type ResponseEnd, responseEndOf } from '../job/response.ts';
import type { NewEntry } from './notification-sender.ts';
import type { Targets } from '../job/record.ts';
import { TRIES } from './try-times.ts';
import type { WebhookEndpoint } from './webhook-endpoints.ts';

/** How a job can have ended. */
export type EndStatus = Extract<JobStatus, 'completed' | 'failed' | 'cancelled'>;

/**
 * In which form a webhook tells an end: in ours, or in OpenAI's, that of a Response. `endpoint`: the
 * one that gets it. It has the URL and the secret of the moment of a try. Absent where the job itself
 * names the URL.
 */
type WebhookForm = { response?: undefined; status: EndStatus } | { response: true; status: ResponseEnd; endpoint?: string | undefined };

/**
 * A notification as it is kept until it is sent. `requestId`: of the request that its job was
 * submitted with, for the log; `traceparent`: the span of that submission.
 */
export type Notification = { requestId?: string | undefined; traceparent?: TraceParent | undefined } &
  /** `at`: when the job ended, in ms since the epoch. */
  (
    | ({ type: 'webhook'; owner: string; kind: string; at: number; url: string } & WebhookForm)
    /**
     * `sentAt`: when it was handed to Expo's service, absent before
     * that; `ticket`: the number that the service gave to it.
     */
    | { type: 'push'; kind: string; status: EndStatus; at: number; token: string; sentAt?: number; ticket?: string }
    /** What became of a push. */
    | { type: 'receipt'; token: string; ticket: string }
  );

type NotificationTerms = {
  pushDelayMs: number;
  now: number;
  requestId?: string | undefined;
  endpoints?: readonly WebhookEndpoint[] | undefined;
};

/**
 * The notifications of a job that has ended. The ids follow from the end:
 * however often this is asked, each is sent once. `pushDelayMs`: how long a
 * push waits for a phone that comes back, in ms. `now`: in ms since the epoch. `requestId`: of the
 * request that the job was submitted with. `endpoints`: those of its user.
 */
export function notificationsOf(
  snapshot: Snapshot,
  targets: Targets,
  { pushDelayMs, now, requestId, endpoints = [] }: NotificationTerms,
): NewEntry<Notification>[] {
  const { id: jobId, owner, kind, next, end, finishedAt: at = 0, traceparent } = snapshot;
  if (!end) return [];
  const status = end.outcome.type;
  const tail = digestOf([jobId, end.seq, at]);
  const { callbackUrl: url, pushToken: token } = targets;
  const entries: NewEntry<Notification>[] = [];
  if (owner !== undefined) {
    const common = { type: 'webhook', owner, kind, at, requestId, traceparent } as const;
    const add = (id: string, data: Notification) => entries.push({ id, jobId, owner, data, delayMs: 0, tries: TRIES.webhook });
    if (targets.response === undefined && url !== undefined) add(`msg_${tail}`, { ...common, status, url });
    if (targets.response !== undefined) {
      const told = { ...common, response: true, status: responseEndOf(end.outcome) } as const;
      if (url !== undefined) add(`msg_${tail}`, { ...told, url });
      for (const { id: endpoint, url: its } of endpoints.filter(({ events }) => events.includes(`response.${told.status}`)))
        add(`msg_${digestOf([tail, endpoint])}`, { ...told, url: its, endpoint });
    }
  }
  if (token !== undefined && isWorthAPush(status, next)) {
    const data: Notification = { type: 'push', kind, status, at, token, requestId, traceparent };
    entries.push({ id: `push_${tail}`, jobId, owner, data, delayMs: at + pushDelayMs - now, tries: TRIES.push });
  }
  return entries;
}

/**
 * Who has cancelled a job knows it. And who waits for what
 * comes of a picture is told when that is there.
 */
function isWorthAPush(status: EndStatus, next: string | undefined): boolean {
  return status === 'failed' || (status === 'completed' && next === undefined);
}
