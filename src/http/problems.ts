/** Errors as answers: RFC 9457 problem details for everything that fails. */
import type { Context, ErrorHandler, NotFoundHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { ProblemError, problems, toProblem } from '../job/problem.ts';
import type { AppDeps, AppEnv } from './env.ts';

/** Answers with a problem. */
export function problemResponse(c: Context<AppEnv>, { code, detail, extras }: ProblemError): Response {
  const { status } = problems[code];
  const { jobId, errors, retryAfterMs, headers } = extras;
  const { type, title, retryable } = toProblem(code, detail);
  const body = { type, title, status, detail, code, retryable, requestId: c.var.requestId, jobId, errors };
  return c.body(JSON.stringify(body), status as 400, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...(retryAfterMs !== undefined && { 'Retry-After': String(Math.ceil(retryAfterMs / 1000)) }),
    ...headers,
  });
}

/** The one place where a throw becomes an answer; what is not a problem of ours is logged and says nothing. */
export function answerErrors(log: AppDeps['log']): ErrorHandler<AppEnv> {
  return (error, c) => {
    if (error instanceof ProblemError) return problemResponse(c, error);
    if (error instanceof HTTPException && error.status === 400) {
      return problemResponse(c, new ProblemError('invalid_json', 'The body can not be read as JSON; send one JSON object.'));
    }
    log.error({ err: error, requestId: c.var.requestId, method: c.req.method, path: c.req.path }, 'unexpected error');
    return problemResponse(
      c,
      new ProblemError('internal_error', 'The request failed for a reason that is in the server log, under its request id.'),
    );
  };
}

/** Answers for addresses that lead nowhere. */
export const answerNotFound: NotFoundHandler<AppEnv> = (c) =>
  problemResponse(c, new ProblemError('not_found', `There is no ${c.req.path} here; GET / lists what there is.`));

/** The 404 of a job: the same whether it never was, has expired, or is another user's. */
export function noSuchJob(): ProblemError {
  return new ProblemError('job_not_found', 'There is no such job: the id is wrong, or the job was kept for its time and is gone.');
}

/** What is wrong with an input, all of it at once: a JSON Pointer (RFC 6901, as a URI fragment) to each field at fault. */
export function invalidInput(issues: { path: PropertyKey[]; message: string }[]): ProblemError {
  const errors = issues.map(({ path, message }) => {
    const tokens = path.map((key) => encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1')));
    return { pointer: ['#', ...tokens].join('/'), detail: message };
  });
  return new ProblemError('invalid_input', errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '), { errors });
}
