/** Answers the AI SDK's clients with the stream of a job, in one of the framings that they read. */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { Framing } from '../stream/framing.ts';
import { beginBare, STREAM_HEADERS } from '../stream/response.ts';
import { answer, type Headers } from './answer.ts';
import { holding } from './answer-stream.ts';
import type { AppDeps } from './app-deps.ts';
import type { AppEnv } from './context.ts';
import { noSuchJob } from './problems.ts';
import type { Hold } from './shares.ts';

/** A stream that is wanted. `cursor`: how many events the client has, as the framing counts. */
export type WantedStream = { jobId: string; framing: Framing; cursor?: number; opening: string; headers?: Headers; place: Hold };

/** The headers of a UI message stream. */
export const UI_MESSAGE_HEADERS = { ...STREAM_HEADERS, 'x-vercel-ai-ui-message-stream': 'v1' };

/** The headers of a text that grows. */
export const TEXT_HEADERS = { ...STREAM_HEADERS, 'Content-Type': 'text/plain; charset=utf-8' };

/**
 * Answers with a stream. Whoever calls has the right to it. It holds `place` until it is over.
 * @throws ProblemError `job_not_found`, and `invalid_input` for a cursor that the job never had
 */
export async function answerInFraming(c: Context<AppEnv>, deps: AppDeps, wanted: WantedStream): Promise<Response> {
  const { jobId, framing, cursor = 0, opening, headers, place } = wanted;
  const following = await deps.feed.follow(jobId, cursor, framing);
  if (!following) throw noSuchJob();
  try {
    if (following.unknown) throw new ProblemError('invalid_input', 'The stream has no such place; begin at its start.');
    deps.countFor(c.env, c.get('holder'));
    c.set('waits', true);
    deps.log.info({ jobId, requestId: c.get('requestId'), cursor }, 'stream opened');
    const head = answer(c, 200, null, { ...headers, 'x-workflow-run-id': jobId });
    return deps.transport(c.env, head, holding(place, beginBare(following, opening)));
  } catch (error) {
    following.stop();
    throw error;
  }
}
