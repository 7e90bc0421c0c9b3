/**
 * Submitting: validated input becomes a job. The answer is the job's addresses, its stream, or its
 * end.
 */
import { Hono, type Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { Kind } from '../../kinds/kind.ts';
import { ProblemError } from '../../job/problem.ts';
import type { Tenant } from '../../job/tenant.ts';
import { encodeFrame, parseCursor } from '../../stream/sse-encoding.ts';
import { countOutcomes, envelopeOf, isUnavailable, orAbandon, submit, toRequest } from '../accept-submission.ts';
import { checkCharset, checkCoding, receiveFor, tooLarge } from '../body.ts';
import { answerJson } from '../answer.ts';
import { unauthorized } from '../problems.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { type Addresses, addressesFor, presentJob, presentQueued } from '../present.ts';
import { bodyBytes, createKeeping, createReceiver, isForm } from '../receive-submission.ts';
import { submitter } from '../job-access.ts';
import { MAX_WAIT_S, waitFor } from '../wait-for-job.ts';
import { retryLaterOnTrouble, wantsStream, watchJob } from '../answer-stream.ts';
import type { AcceptedJob, SubmitRequest } from '../../jobs/submissions.ts';
import { untilAdmitted } from '../../jobs/eta.ts';
import { ESTIMATE_AGE_MS } from '../../jobs/stats.ts';

/** One POST route for each kind. */
export function submitRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const kind of deps.kinds) submitRoute(app, kind, deps);
  return app;
}

/** Adds the route of a kind. A received body is in memory until the job is added, or refused. */
function submitRoute(app: Hono<AppEnv>, kind: Kind, deps: AppDeps): void {
  const receive = createReceiver(kind, kind.input.extend(envelopeOf(deps)), deps.files.maxBytes);
  const untilRoom = async () => untilAdmitted(await deps.queue.stats(ESTIMATE_AGE_MS), 1);
  app.post(kind.path, countOutcomes(deps, kind), checkHead(deps, kind), async (c) => {
    const held = deps.shares.bodies.hold(c.get('holder'), 0);
    try {
      const received = await receive(c.req.header('content-type') ?? '', receiveFor(c, deps, held));
      const request = toRequest(c, kind, deps, received);
      const keeping = kind.files && createKeeping(deps.files, request.tenant, received, untilRoom);
      return await answerSubmission(c, deps, { ...request, ...keeping }, () => {
        received.files.clear();
        held.release();
      });
    } finally {
      held.release();
    }
  });
}

/**
 * A submission that was accepted, with the names that this request has and its kind does not know:
 * a replay may have others.
 */
type AcceptedSubmission = AcceptedJob & { ignored: readonly string[] | undefined };

/**
 * Submits, and answers as the request asks. `submitted` is called when that is done and the answer
 * may wait.
 */
async function answerSubmission(c: Context<AppEnv>, deps: AppDeps, request: SubmitRequest, submitted = () => {}): Promise<Response> {
  if (wantsStream(c)) return retryLaterOnTrouble(c, deps, request.key !== undefined, async () => answerWithStream(c, deps, request));
  const addressing = addressesFor(deps).catch(noneIfUnavailable); // in one trip with the admission
  const accepted = await submit(c, deps, request);
  submitted();
  const addresses = await orAbandon(deps.queue, accepted, async () => (await addressing) ?? addressesFor(deps));
  const own = { ...accepted, ignored: request.ignored };
  return (await answerWithEnd(c, deps, { ...own, addresses, holder: request.tenant })) ?? answerAccepted(c, own, addresses);
}

/**
 * Answers with the job's stream, from the start or from where a client that reconnects says it was.
 * Its first frame has an id, so that every reconnect is recognised. Without a key a reconnect could
 * only buy a second job.
 */
async function answerWithStream(c: Context<AppEnv>, deps: AppDeps, request: SubmitRequest): Promise<Response> {
  const lastEventId = c.req.header('last-event-id');
  if (lastEventId !== undefined && request.key === undefined) {
    throw new ProblemError(
      'resume_with_get',
      "This would start a second job: go on with GET on the job's streamUrl, or send an Idempotency-Key with every POST.",
    );
  }
  const place = deps.shares.streams.hold(request.tenant, 1); // before anything is bought that could not be watched
  try {
    const accepted = await submit(c, deps, request);
    const { id: jobId } = accepted.job;
    const opening = encodeFrame({ id: 0, event: 'status', data: { type: 'status', jobId, status: 'waiting', ignored: request.ignored } });
    const reader = submitter(request.tenant);
    const watching = { jobId, cursor: parseCursor(lastEventId), reader, place, ...(lastEventId === undefined && { opening }) };
    return await orAbandon(deps.queue, accepted, () => watchJob(c, deps, watching));
  } catch (error) {
    place.release();
    throw error;
  }
}

/** With `Prefer: wait=20` (RFC 7240): the finished job, if it ends in time. */
async function answerWithEnd(
  c: Context<AppEnv>,
  { queue, feed, shares, notifications }: AppDeps,
  { origin, job, ignored, addresses, holder }: AcceptedSubmission & { addresses: Addresses; holder: Tenant },
): Promise<Response | undefined> {
  const prefer = c.req.header('prefer');
  const wanted = prefer === undefined ? undefined : /(?:^|[,;])\s*wait\s*=\s*"?(\d+)/i.exec(prefer)?.[1];
  if (wanted === undefined) return undefined;
  const seconds = Math.min(Number(wanted), MAX_WAIT_S);
  c.set('waits', true);
  const { id } = job;
  const hold = () => shares.streams.holdIfRoom(holder, 1); // without room it does not wait: the job is there, and its addresses say where to look
  const wait = () =>
    waitFor(id, { seconds, signal: c.req.raw.signal, hold }, { feed, read: () => queue.read(id) }).catch(noneIfUnavailable);
  const ended = origin !== 'new' && job.end ? job : (await wait())?.snapshot; // one that was there before may be in the archive alone
  if (!ended?.end) return undefined;
  notifications.endSeen(ended);
  return answerJson(c, presentJob({ ...ended, ignored }, addresses), 200, {
    'Content-Location': `/api/jobs/${id}`,
    'Preference-Applied': `wait=${seconds}`,
  });
}

function answerAccepted(c: Context<AppEnv>, { origin, job, ignored }: AcceptedSubmission, addresses: Addresses): Response {
  const body = origin === 'new' ? presentQueued({ ...job, ignored }, addresses) : presentJob({ ...job, ignored }, addresses);
  return answerJson(c, body, 202, { 'Retry-After': '2' });
}

/**
 * Refuses what can be refused before the body is read: nobody is named, the body is too long, or it
 * is of another type. A length that is announced is believed (HTTP holds the client to it).
 */
const checkHead = ({ identity }: AppDeps, { files }: Kind) =>
  createMiddleware<AppEnv>((c, next) => {
    if (identity.required && c.get('user') === undefined) throw unauthorized(identity);
    const type = c.req.header('content-type') ?? '';
    checkCoding(c.req.header('content-encoding'));
    const maxBytes = bodyBytes(files ?? {}, type);
    if (Number(c.req.header('content-length') ?? 0) > maxBytes) throw tooLarge('The body', maxBytes);
    if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type) && !(files && isForm(type))) {
      const json = 'Send the input as JSON, with the header Content-Type: application/json';
      const form = ', and the file in it as base64, or as a form, with Content-Type: multipart/form-data';
      throw new ProblemError('unsupported_media_type', `${json}${files ? form : ''}.`);
    }
    checkCharset(type, 'The body');
    return next();
  });

/** For work that can be left out: undefined where Redis does not answer. */
function noneIfUnavailable(error: unknown): undefined {
  if (!isUnavailable(error)) throw error;
  return undefined;
}
