/** Errors with what the server says of them (RFC 9457). */
import type { ServerCode } from './codes.ts';

/**
 * Why something did not work: the server's codes, and the client's own. `unreachable`: no answer in all tries. `unreadable_file`: a file of
 * the phone is gone. `not_sent`: a submission still waits in the outbox. `outbox_expired`: it waited there for too long. A later server may
 * send others.
 */
export type ErrorCode = ServerCode | 'unreachable' | 'unreadable_file' | 'not_sent' | 'outbox_expired' | (string & {});

/** What is wrong, in a form that programs and people can use. Servers may send codes that are not known here. */
export type Problem = {
  code: ErrorCode;
  title: string;
  detail: string;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** The HTTP status; absent for the outcome of a job, and where there was no answer. */
  status?: number | undefined;
  /** The fields at fault: a JSON Pointer, and what is expected there. */
  errors?: { pointer: string; detail: string }[] | undefined;
  /** In how many ms the server would have the request again, counted from its answer. */
  retryAfterMs?: number | undefined;
  /** What the server's log calls the request. */
  requestId?: string | undefined;
};

/** A request was refused, or never answered. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly problem: Problem;
  declare readonly code: ErrorCode;
  declare readonly status: number | undefined;
  declare readonly detail: string;
  declare readonly retryable: boolean;
  declare readonly errors: Problem['errors'];
  declare readonly retryAfterMs: number | undefined;
  declare readonly requestId: string | undefined;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.detail || problem.title);
    this.problem = problem;
    if (cause !== undefined) this.cause = cause;
    const { code, status, detail, retryable, errors, retryAfterMs, requestId } = problem;
    Object.assign(this, { code, status, detail, retryable, errors, retryAfterMs, requestId });
  }
}

/** A job failed, or was cancelled (`code`: `cancelled`), or can't be followed. */
export class JobError extends ApiError {
  override name = 'JobError';
}

/** An error of the client's own. `title` says what is wrong; `cause` why. */
export function ownError(code: ErrorCode, title: string, retryable: boolean, cause?: unknown): ApiError {
  return new ApiError(plain(code, title, retryable), cause);
}

/** A problem of which there is no more to say than its title. */
export const plain = (code: ErrorCode, title: string, retryable = false): Problem => ({ code, title, detail: title, retryable });

/** The server was not reached. `cause`: what fetch says. */
export function unreachable(cause?: unknown): ApiError {
  return cause instanceof ApiError && cause.code === 'unreachable'
    ? cause
    : ownError('unreachable', 'The server was not reached', true, cause);
}

/** Reads the problem in an answer; where there is none, it says what was answered. */
export async function problemOf(response: Response): Promise<Problem> {
  const { status, headers } = response;
  const body = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
  const about = {
    status,
    requestId: body?.requestId ?? headers.get('x-request-id') ?? undefined,
    retryAfterMs: retryAfterMs(headers.get('retry-after')),
  };
  const isPassing = status >= 500 || status === 429;
  if (typeof body?.code === 'string') return { title: '', detail: '', retryable: isPassing, ...body, code: body.code, ...about };
  // In a browser a redirect that is not followed has no status.
  const isRedirect = response.type === 'opaqueredirect' || (status >= 300 && status < 400);
  const title = isRedirect ? 'The server redirects: baseUrl has to be the address that it leads to' : `The server answered with ${status}`;
  return { ...plain(`http_${status}`, title, isPassing), ...about };
}

/** What `Retry-After` says, in ms: seconds, or a date. Undefined if it says nothing. */
export function retryAfterMs(header: string | null): number | undefined {
  if (!header) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return ms >= 0 ? ms : undefined;
}

/** The problem of a job that was cancelled. */
export const CANCELLED: Problem = plain('cancelled', 'The job was cancelled');
