/** Errors with what the server says of them (RFC 9457). */

/** What is wrong, in a form that programs and people can use. Servers may send codes that are not known here. */
export type Problem = {
  code: string;
  title: string;
  detail: string;
  /** Whether the same request may succeed later. */
  retryable: boolean;
  /** The HTTP status; absent for the outcome of a job. */
  status?: number | undefined;
  /** The fields at fault: a JSON Pointer, and what is expected there. */
  errors?: { pointer: string; detail: string }[] | undefined;
};

/** The server refused a request. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
  get status(): number | undefined {
    return this.problem.status;
  }
  get detail(): string {
    return this.problem.detail;
  }
  get retryable(): boolean {
    return this.problem.retryable;
  }
  get errors(): Problem['errors'] {
    return this.problem.errors;
  }
}

/** A job failed, or was cancelled (`code`: `cancelled`). */
export class JobError extends ApiError {
  override name = 'JobError';
}

/** Reads the problem in an answer; where there is none, it says what was answered. */
export async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const body = (await response.json().catch(() => undefined)) as Partial<Problem> | undefined;
  if (typeof body?.code === 'string') return { title: '', detail: '', retryable: status >= 500, ...body, code: body.code, status };
  // In a browser a redirect that is not followed has no status.
  const isRedirect = response.type === 'opaqueredirect' || (status >= 300 && status < 400);
  const title = isRedirect ? 'The server redirects: baseUrl has to be the address that it leads to' : `The server answered with ${status}`;
  return { code: `http_${status}`, title, detail: title, retryable: status >= 500 || status === 429, status };
}

/** The problem of a job that was cancelled. */
export const CANCELLED: Problem = { code: 'cancelled', title: 'The job was cancelled', detail: 'The job was cancelled.', retryable: false };
