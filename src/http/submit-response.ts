/** Submits the job of a request for a Response: by the same rules as every other submission. */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { Tenant } from '../job/tenant.ts';
import { takeAttachments } from '../kinds/response-attachments.ts';
import { digestOf } from '../store/digest.ts';
import type { SubmitRequest } from '../jobs/submissions.ts';
import { countOutcome, submit, toRequest } from './accept-submission.ts';
import type { AppDeps } from './app-deps.ts';
import { checkCoding, receiveFor, tooLarge } from './body.ts';
import type { AppEnv } from './context.ts';
import { JsonReader } from './json-body.ts';
import { unauthorized } from './problems.ts';
import { bodyBytes, createKeeping, createReceiver, noRoom, type ReceivedSubmission } from './receive-submission.ts';
import { readResponseRequest, type ResponseEcho, type ResponseRequest, toInputFault } from './response-request.ts';
import type { ResponseTerms } from './response-framings.ts';
import { withPrevious } from './prompt-request.ts';
import { isPrompt } from './prompt-response.ts';
import { echoIn, responseTerms } from './response-jobs.ts';
import { untilAdmitted } from '../jobs/eta.ts';
import { ESTIMATE_AGE_MS } from '../jobs/stats.ts';
import { callbackUrlOf, responseTargets } from './response-targets.ts';
import type { Hold } from './shares.ts';

/** A job that was accepted. `place`: held for the connection that waits for it; absent if none does. */
type Accepted = { jobId: string; request: { stream: boolean; terms: ResponseTerms }; place: Hold | undefined };

/**
 * Submits.
 * @throws ProblemError as each submission; RequestFault for a request that can't be read
 */
export async function submitResponse(c: Context<AppEnv>, deps: AppDeps): Promise<Accepted> {
  const { identity, kinds, shares, draining } = deps;
  if (identity.required && c.get('user') === undefined) throw unauthorized(identity);
  if (draining())
    throw new ProblemError('queue_unavailable', 'This server is about to stop; another one takes over in a moment.', {
      retryAfterMs: 1000,
    });
  checkCoding(c.req.header('content-encoding'));
  const held = shares.bodies.hold(c.get('holder'), 0);
  let place: Hold | undefined;
  try {
    const body = await receiveFor(
      c,
      deps,
      held,
    )(new JsonReader(), Math.max(...kinds.map(({ files }) => bodyBytes(files ?? {}, 'application/json'))));
    const asked = readResponseRequest(body, kinds);
    const { input, attachments } = takeAttachments(asked.kind.attachments ? asked.values['input'] : undefined, (data) => digestOf([data]));
    const own = input === undefined ? asked : { ...asked, values: { ...asked.values, input } };
    const read = { ...own, values: await withPrevious(c, deps, own) };
    const { stream, echo, kind } = read;
    const callbackUrl = callbackUrlOf(echo, deps.notifications);
    const received = await receiveInput(read, deps).catch((error: unknown) => {
      throw toInputFault(error, read);
    });
    const request = await toSubmission(c, deps, {
      read,
      received: { ...received, input: { ...received.input, callbackUrl } },
      body,
      attachments,
    });
    // Before anything is bought that could not be watched.
    if (stream || !echo.background) place = shares.streams.hold(request.tenant, 1);
    const { job } = await countOutcome(c, deps, kind.name, () => submit(c, deps, request));
    return {
      jobId: job.id,
      request: { stream, terms: responseTerms(deps, job.id, kind.name, echoIn(kind.name, { echo, input: request.input })) },
      place,
    };
  } catch (error) {
    place?.release();
    throw error;
  } finally {
    held.release();
  }
}

/** Validates the values as the kind's own route does. */
function receiveInput({ kind, values }: ResponseRequest, { files }: AppDeps): Promise<ReceivedSubmission> {
  return createReceiver(kind, kind.input, files.maxBytes)('application/json', async () => values as never);
}

/** Keeps the files of a prompt under its job's id, as one file. */
function keepAttachments(store: AppDeps['files'], tenant: Tenant, attachments: readonly string[], untilRoom: () => Promise<number>) {
  const bytes = new TextEncoder().encode(JSON.stringify(attachments));
  if (bytes.byteLength > store.maxBytes) throw tooLarge('What the prompt has of files', store.maxBytes);
  return {
    async keepFiles(jobId: string): Promise<void> {
      const kept = await store.put({ jobId, name: 'keep:attachments', tenant, type: 'application/json', bytes });
      if (kept.type === 'full') throw await noRoom(kept, untilRoom);
    },
    dropFiles: (jobId: string) => store.delete(jobId, 'all'),
  };
}

function keptEcho(kind: string, echo: ResponseEcho): { echo?: ResponseEcho } {
  if (!isPrompt(kind)) return { echo };
  const { previous_response_id } = echo;
  return previous_response_id === undefined ? {} : { echo: { previous_response_id } };
}

type Read = { read: ResponseRequest; received: ReceivedSubmission; body: unknown; attachments: readonly string[] };

async function toSubmission(
  c: Context<AppEnv>,
  deps: AppDeps,
  { read: { kind, echo }, received, body, attachments }: Read,
): Promise<SubmitRequest> {
  const request = toRequest(c, kind, deps, received);
  const [key, targets] = await Promise.all([
    request.key ?? keyOf(c, deps, body),
    responseTargets(request.targets, request.owner, { echo, notifications: deps.notifications }),
  ]);
  const untilRoom = async () => untilAdmitted(await deps.queue.stats(ESTIMATE_AGE_MS), 1);
  return {
    ...request,
    // The input of a prompt is the request itself.
    ...keptEcho(kind.name, echo),
    key: ['v1', request.tenant, key],
    targets,
    ...(attachments.length > 0 && keepAttachments(deps.files, request.tenant, attachments, untilRoom)),
    ...(kind.files && createKeeping(deps.files, request.tenant, received, untilRoom)),
  };
}

/**
 * What the SDK says of its own repetitions, where it sends no key. Each other request is a new wish.
 */
async function keyOf(c: Context<AppEnv>, { repeated }: AppDeps, body: unknown): Promise<unknown> {
  return repeated.key([c.get('holder'), body], Number(c.req.header('x-stainless-retry-count') ?? 0) > 0);
}
