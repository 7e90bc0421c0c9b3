/**
 * Chats of the AI SDK: `DefaultChatTransport` and `WorkflowChatTransport` submit, resume and stop
 * here. To close a stream does not stop anything.
 */
import { Hono, type Context } from 'hono';
import { isJobId } from '../../job/id.ts';
import { ProblemError } from '../../job/problem.ts';
import type { Snapshot } from '../../job/snapshot.ts';
import type { SubmitRequest } from '../../jobs/submissions.ts';
import type { Kind } from '../../kinds/kind.ts';
import { digestOf } from '../../store/digest.ts';
import { PADDING } from '../../stream/sse-encoding.ts';
import { chunkFrame, startChunk } from '../../stream/ui-message-chunks.ts';
import { uiMessageFraming } from '../../stream/ui-message-framing.ts';
import { checkCaller, createKindFinder, createSubmit, type SubmitBody } from '../ai-sdk-submission.ts';
import { type ChatWish, readChat } from '../ai-sdk-input.ts';
import { answerInFraming, UI_MESSAGE_HEADERS } from '../ai-sdk-stream.ts';
import { answer, answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { addressesFor, presentJob } from '../present.ts';
import { noSuchJob, unauthorized } from '../problems.ts';
import type { Hold } from '../shares.ts';

/** `POST /api/chat/:kindName`, `GET …/:chatId/stream` and `POST …/:chatId/cancel`. */
export function aiSdkChatRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const withKind = createKindFinder(deps, (kind) => createSubmit(kind, deps));
  app.post('/api/chat/:kindName', (c) => withKind(c, ({ kind, made }) => submitMessage(c, deps, { kind, submit: made })));
  app.get('/api/chat/:kindName/:chatId/stream', (c) => withKind(c, ({ kind }) => resume(c, deps, kind)));
  app.post('/api/chat/:kindName/:chatId/cancel', (c) => withKind(c, ({ kind }) => stop(c, deps, kind)));
  return app;
}

/** A chat as the routes know it. `id`: the app's own, or where it has none its job's. */
type ChatOf = { kind: Kind; id: string };

async function submitMessage(c: Context<AppEnv>, deps: AppDeps, { kind, submit }: { kind: Kind; submit: SubmitBody }): Promise<Response> {
  let wish: ChatWish | undefined;
  const read = (_: Kind, body: unknown): unknown => {
    wish = readChat(kind, body);
    return wish.fields;
  };
  return submit(c, read, {
    async prepare(request) {
      const keyed = { ...request, key: request.key ?? keyOf(request, wish) };
      if (wish?.chatId !== undefined) await deps.chats.begin({ owner: request.owner, kind: kind.name, id: wish.chatId }, keyed.key);
      return keyed;
    },
    async answer({ job: { id: jobId } }, { owner }, place) {
      const { chatId } = wish ?? {};
      if (chatId !== undefined) await deps.chats.bind({ owner, kind: kind.name, id: chatId }, jobId);
      return stream(c, deps, { jobId, chat: { kind, id: chatId ?? jobId }, place });
    },
  });
}

/**
 * What makes the same message one job: its chat, its id and its input. A message without an id, and
 * one that wants a new answer, is new work.
 */
function keyOf({ owner, kind, input }: SubmitRequest, { chatId, messageId }: Partial<ChatWish> = {}): readonly unknown[] {
  const message = messageId === undefined ? crypto.randomUUID() : [messageId, digestOf(input)];
  return [owner ?? null, kind, 'chat', chatId ?? null, message];
}

/** Answers with the job's chunks, from the one that the client lacks first. */
function stream(
  c: Context<AppEnv>,
  deps: AppDeps,
  { jobId, chat, from = 0, place }: { jobId: string; chat: ChatOf; from?: number; place: Hold },
): Promise<Response> {
  const cancelUrl = `/api/chat/${chat.kind.name}/${encodeURIComponent(chat.id)}/cancel`;
  const start = from === 0 ? chunkFrame(startChunk({ jobId, kind: chat.kind.name, cancelUrl })) : '';
  const wanted = { jobId, framing: uiMessageFraming, cursor: Math.max(from - 1, 0), opening: PADDING + start, headers: UI_MESSAGE_HEADERS };
  return answerInFraming(c, deps, { ...wanted, place });
}

/**
 * A chat's newest answer, from its start or from `startIndex`, while it comes and after it. 204: the
 * chat has none. `:chatId` may also be a job's id.
 */
async function resume(c: Context<AppEnv, '/:kindName/:chatId'>, deps: AppDeps, kind: Kind): Promise<Response> {
  checkCaller(c, deps);
  const from = startIndexOf(c.req.query('startIndex'));
  const job = await findJobOf(c, deps, kind);
  if (!job) return answer(c, 204, null, { 'Cache-Control': 'no-store' });
  const place = deps.shares.streams.hold(c.get('holder'), 1);
  try {
    return await stream(c, deps, { jobId: job.id, chat: { kind, id: c.req.param('chatId') }, from, place });
  } catch (error) {
    place.release();
    throw error;
  }
}

function startIndexOf(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ProblemError('invalid_input', 'The startIndex must be a number, counted from 0.');
}

/** Stops the chat's newest answer: 202 if this request cancels the job, 200 if it had ended. */
async function stop(c: Context<AppEnv, '/:kindName/:chatId'>, deps: AppDeps, kind: Kind): Promise<Response> {
  checkCaller(c, deps);
  const job = await findJobOf(c, deps, kind);
  if (!job) throw noSuchJob();
  if (job.owner !== undefined && c.get('user') === undefined) throw unauthorized(deps.identity);
  const outcome = await deps.queue.cancel(job.id);
  const after = (await deps.queue.read(job.id))?.snapshot;
  if (!after) throw noSuchJob();
  if (outcome === 'cancelled') deps.log.info({ jobId: job.id, requestId: c.get('requestId') }, 'job cancelled');
  return answerJson(c, presentJob(after, await addressesFor(deps)), outcome === 'cancelled' ? 202 : 200);
}

/** The job of an address, if it is the caller's and of this kind. */
async function findJobOf(
  c: Context<AppEnv, '/:kindName/:chatId'>,
  { chats, queue }: AppDeps,
  { name }: Kind,
): Promise<Snapshot | undefined> {
  const id = c.req.param('chatId');
  const owner = c.get('user');
  const jobId = (await chats.find({ owner, kind: name, id })) ?? (isJobId(id) ? id : undefined);
  const job = jobId === undefined ? undefined : (await queue.read(jobId))?.snapshot;
  const isMine = job && (owner === undefined || job.owner === undefined || job.owner === owner);
  return isMine && job.kind === name ? job : undefined;
}
