/**
 * Everything that can go wrong, as one table, and the shapes
 * it takes: thrown, stored with a job, sent to a client.
 */

import { OwnError } from './own-error.ts';

type ProblemDefinition = { status: number; title: string; retryable: boolean };

/**
 * Each code with its HTTP status (for job outcomes: the status it would have as an
 * answer), its title, and whether the same request may succeed later without a change.
 */
export const problems = {
  invalid_json: { status: 400, title: 'The body is not valid JSON', retryable: false },
  invalid_input: { status: 400, title: 'The input is not valid', retryable: false },
  unauthorized: { status: 401, title: 'Authentication is needed', retryable: false },
  token_invalid: { status: 401, title: 'The token is not valid', retryable: false },
  token_expired: { status: 401, title: 'The token has expired', retryable: false },
  origin_not_allowed: { status: 403, title: 'Pages of that site may not act here', retryable: false },
  blocked: { status: 403, title: 'The operator has blocked this user', retryable: false },
  not_found: { status: 404, title: 'There is nothing at this address', retryable: false },
  job_not_found: { status: 404, title: 'There is no such job', retryable: false },
  method_not_allowed: { status: 405, title: 'This address does not support the method', retryable: false },
  request_timeout: { status: 408, title: 'The body of the request has stopped coming', retryable: true },
  job_not_failed: { status: 409, title: 'Only a failed job is retried', retryable: false },
  too_many_retries: { status: 409, title: 'The job was retried too often', retryable: false },
  no_deliveries: { status: 409, title: 'The job has no webhook to deliver', retryable: false },
  resume_with_get: { status: 409, title: 'A stream is resumed with GET', retryable: false },
  job_expired: { status: 410, title: 'The job was kept for its time and is gone', retryable: false },
  input_gone: { status: 410, title: 'The file of the job is not kept any more', retryable: false },
  payload_too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: { status: 415, title: 'The body has a type that is not supported', retryable: false },
  range_not_satisfiable: { status: 416, title: 'The file has no such range', retryable: false },
  misdirected: { status: 421, title: 'This server does not answer to that host name', retryable: false },
  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request', retryable: false },
  rate_limited: { status: 429, title: 'Too many requests', retryable: true },
  too_many_jobs: { status: 429, title: 'Too many unfinished jobs', retryable: true },
  too_many_open: { status: 429, title: 'Too many requests are open at once', retryable: true },
  budget_used_up: { status: 429, title: 'The budget is used up', retryable: true },
  internal_error: { status: 500, title: 'Something went wrong on our side', retryable: true },
  provider_not_configured: { status: 501, title: 'No provider is configured for this', retryable: false },
  queue_full: { status: 503, title: 'The queue is full', retryable: true },
  storage_full: { status: 503, title: 'The storage for files is full', retryable: true },
  server_busy: { status: 503, title: 'The server has too many requests open', retryable: true },
  queue_unavailable: { status: 503, title: 'The queue is out of reach', retryable: true },
  archive_unavailable: { status: 503, title: 'The archive of jobs is out of reach', retryable: true },
  identity_unavailable: { status: 503, title: 'Identities can not be checked now', retryable: true },

  provider_unavailable: { status: 502, title: 'The provider could not be reached', retryable: true },
  provider_rate_limited: { status: 429, title: 'The provider asks to slow down', retryable: true },
  provider_timeout: { status: 504, title: 'The provider took too long', retryable: true },
  provider_cut_off: { status: 502, title: "The provider's answer was cut off", retryable: true },
  provider_bad_answer: { status: 502, title: "The provider's answer is malformed", retryable: true },
  provider_unauthorized: { status: 502, title: "The provider does not accept this server's key", retryable: false },
  provider_quota_exceeded: { status: 502, title: "The provider's quota is used up", retryable: false },
  provider_rejected: { status: 502, title: 'The provider does not accept the request', retryable: false },
  provider_refused: { status: 422, title: 'The provider declined to answer', retryable: false },
  content_unusable: { status: 422, title: 'The content has nothing to work with', retryable: false },
  journal_full: { status: 422, title: 'The job has more parts than one job may have', retryable: false },
  job_timeout: { status: 504, title: 'The job took too long', retryable: true },
  worker_lost: { status: 500, title: 'The worker was lost too often', retryable: true },
  cancelled: { status: 409, title: 'The job was cancelled', retryable: false },
} as const satisfies Record<string, ProblemDefinition>;

/** A machine-readable reason; the table above names them all. */
export type ProblemCode = keyof typeof problems;

/**
 * One field at fault: a JSON Pointer as a URI fragment (RFC
 * 6901, section 6) and what is expected there.
 */
export type FieldError = { pointer: string; detail: string };

/** An error as clients see it (RFC 9457); `status` is there in HTTP answers, not in a job's outcome. */
export type Problem = {
  type: string;
  title: string;
  status?: number;
  detail: string;
  code: ProblemCode;
  retryable: boolean;
  requestId?: string;
  jobId?: string;
  errors?: FieldError[];
};

/** What may go with a code and its detail. */
export type ProblemExtras = {
  /** The job it is about. */
  jobId?: string;
  /** The fields at fault. */
  errors?: FieldError[];
  /** When it makes sense to try again, in ms from now. */
  retryAfterMs?: number;
  /** The job is refused for now only, and nobody has said for how long. */
  forNow?: boolean;
  /** Another attempt at the job would not help, though its code is one that can be tried again. */
  final?: boolean;
  /** Answer headers that belong to it, such as `Allow`. */
  headers?: Record<string, string>;
  /** What caused it; for logs only, it never leaves the process. */
  cause?: unknown;
};

/** The one error this code throws on purpose: `detail` is written for the client and names the way out. */
export class ProblemError extends OwnError {
  override name = 'ProblemError';
  readonly code: ProblemCode;
  readonly detail: string;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras = {}) {
    super(`${code}: ${detail}`, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.detail = detail;
    this.extras = extras;
  }
}

/** The problem without HTTP status, as a job's outcome carries it. */
export function toProblem(code: ProblemCode, detail: string): Problem {
  const { title, retryable } = problems[code];
  return { type: `/problems/${code}`, title, detail, code, retryable };
}

/**
 * Reads the reason that a failed job keeps, `code: detail` as {@link ProblemError} words its message.
 * A reason of another make says nothing to a client but that it happened.
 */
export function parseReason(reason: string): Problem {
  const [, code, detail] = /^([a-z_]+)(?:: ([\s\S]*))?$/.exec(reason) ?? [];
  if (code !== undefined && isProblemCode(code)) return toProblem(code, detail ?? '');
  return toProblem('internal_error', 'The job failed for a reason that is in the server log.');
}

/** Whether a text is one of the codes. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(problems, code);
}
