/** Errors under `/v1`, in the form that clients of OpenAI read. */
import { type ProblemCode, ProblemError, problems } from '../job/problem.ts';

/** Where clients of OpenAI call. */
export const OPENAI_PATH = '/v1/';

/** An error that names, in OpenAI's words, what is wrong (`reason`) and where (`param`). */
export class RequestFault extends ProblemError {
  override name = 'RequestFault';
  readonly reason: string | null;
  readonly param: string | null;

  constructor(reason: string | null, param: string | null, detail: string) {
    super('invalid_input', detail);
    this.reason = reason;
    this.param = param;
  }
}

/** Clients obey a Retry-After up to here, in ms; at a longer one they try again at once. */
const LONGEST_WAIT_MS = 60_000;

/** Types of errors by status; all others are the request's fault. */
const TYPES: Partial<Record<number, string>> = { 401: 'authentication_error', 429: 'rate_limit_exceeded' };

/** Our codes that clients know by another name. */
const CODES: Partial<Record<ProblemCode, string>> = {
  unauthorized: 'invalid_api_key',
  token_invalid: 'invalid_api_key',
  token_expired: 'invalid_api_key',
  not_found: 'unknown_url',
  invalid_input: 'invalid_value',
};

/** Statuses that clients know by another number: what is gone was never there for them. */
const STATUSES: Partial<Record<ProblemCode, number>> = { job_expired: 404 };

/** Makes status, body and headers of an error. */
export function toOpenAIError(error: ProblemError): { status: number; body: object; headers: Record<string, string> } {
  const { code, detail, extras } = error;
  const status = STATUSES[code] ?? problems[code].status;
  const type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error');
  const [reason, param] =
    error instanceof RequestFault ? [error.reason, error.param] : code === 'job_not_found' ? [null, 'id'] : [CODES[code] ?? code, null];
  const again = problems[code].retryable && (extras.retryAfterMs ?? 0) <= LONGEST_WAIT_MS;
  return { status, body: { error: { message: detail, type, param, code: reason } }, headers: { 'x-should-retry': String(again) } };
}
