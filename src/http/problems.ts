/** Turns errors into HTTP answers: problem details (RFC 9457) for everything that fails. */
import type { Context, ErrorHandler, NotFoundHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Logger } from 'pino';
import { ProblemError, problems, toProblem } from '../job/problem.ts';
import { traceIdOf } from '../job/trace-parent.ts';
import { queueUnavailable } from '../store/queue-unavailable.ts';
import { storeTrouble } from '../store/store-trouble.ts';
import { answer } from './answer.ts';
import { clientProtocolOf } from './client-addresses.ts';
import type { AppEnv } from './context.ts';
import { type Issue, wordsOf } from './issue-words.ts';
import { toOpenAIError } from './openai-error.ts';

/** Answers with a problem. */
export function problemResponse(c: Context<AppEnv>, problem: ProblemError): Response {
  const protocol = clientProtocolOf(c.req.path);
  if (protocol === 'openai') return openAIErrorResponse(c, problem);
  const { code, detail, extras } = problem;
  const { status } = problems[code];
  const { jobId, errors, headers } = extras;
  const { type, title, retryable } = toProblem(code, detail);
  const body = { type, title, status, detail, code, retryable, requestId: c.get('requestId'), jobId, errors };
  const isSentence = protocol === 'ai-sdk'; // its apps show the body as it is
  return answer(c, status, isSentence ? detail : JSON.stringify(body), {
    'Content-Type': isSentence ? 'text/plain; charset=utf-8' : 'application/problem+json',
    'Cache-Control': 'no-store',
    'Retry-After': retryAfter(extras),
    ...headers,
  });
}

/** Answers with an error as clients of OpenAI read it. */
function openAIErrorResponse(c: Context<AppEnv>, problem: ProblemError): Response {
  const { status, body, headers } = toOpenAIError(problem);
  return answer(c, status, JSON.stringify(body), {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'Retry-After': retryAfter(problem.extras),
    ...headers,
    ...problem.extras.headers,
  });
}

/** In s. */
function retryAfter({ retryAfterMs }: ProblemError['extras']): string | undefined {
  return retryAfterMs === undefined ? undefined : String(Math.ceil(retryAfterMs / 1000));
}

/**
 * Makes the handler that turns a thrown error into an answer. An error that is no ProblemError is
 * logged and not shown.
 */
export function answerErrors(log: Pick<Logger, 'error'>): ErrorHandler<AppEnv> {
  return (error, c) => {
    if (error instanceof ProblemError) return problemResponse(c, error);
    if (error instanceof HTTPException && error.status === 400) {
      return problemResponse(c, new ProblemError('invalid_json', 'The body can not be read as JSON; send one JSON object.'));
    }
    if (storeTrouble(error)) return problemResponse(c, queueUnavailable(error)); // from a part that reads Redis itself, as that of files does
    const about = { requestId: c.get('requestId'), traceId: traceIdOf(c.get('traceparent')), method: c.req.method, path: c.req.path };
    log.error({ err: error, ...about }, 'unexpected error');
    return problemResponse(
      c,
      new ProblemError('internal_error', 'The request failed for a reason that is in the server log, under its request id.'),
    );
  };
}

/** Answers requests for addresses that do not exist. */
export const answerNotFound: NotFoundHandler<AppEnv> = (c) =>
  problemResponse(c, new ProblemError('not_found', `There is no ${c.req.path} here; GET / lists what there is.`));

/**
 * The 404 for a job. It is the same if the job never existed, has expired, or belongs to another
 * user.
 */
export function noSuchJob(): ProblemError {
  return new ProblemError('job_not_found', 'There is no such job: the id is wrong, or the job was kept for its time and is gone.');
}

/** The headers of a 401 that asks for a bearer token (RFC 6750). */
export const BEARER = { headers: { 'WWW-Authenticate': 'Bearer' } };

/**
 * The 401 for a request that needs an identity and has none. `advice`: what the client has to do.
 */
export function unauthorized({ advice }: { advice: string }): ProblemError {
  return new ProblemError('unauthorized', advice, BEARER);
}

/**
 * The problem for an invalid input. It names all mistakes, each with a JSON Pointer to the field
 * (RFC 6901, as a URI fragment).
 */
export function invalidInput(issues: readonly Issue[]): ProblemError {
  const errors = issues.map((issue) => {
    const { path } = issue;
    const tokens = path.map((key) => encodeURIComponent(String(key).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')));
    return { pointer: ['#', ...tokens].join('/'), detail: wordsOf(issue) };
  });
  const first = errors.filter(({ pointer }, n) => errors.findIndex((other) => other.pointer === pointer) === n); // one mistake, one message
  return new ProblemError('invalid_input', first.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '), { errors: first });
}
