/**
 * What Supabase's answers mean: whether a row is at fault, or something that passes. supabase-js
 * returns errors, and throws none.
 */
import type { WriteResult } from '../archive/archive.ts';
import { OwnError } from '../job/own-error.ts';
import { ProblemError } from '../job/problem.ts';

/**
 * An answer to a request for rows: PostgREST's, or what supabase-js makes of a request that failed.
 */
export type RowsAnswer = { error: { code?: string; message: string } | null; status: number };

/** The constraint that a row's user exists. */
const USER_CONSTRAINT = 'jobs_user_id_fkey';

/**
 * The classes of SQLSTATE that are about what was sent: data exceptions, violated constraints,
 * limits of a value.
 */
const OF_ROWS = /^(22|23|54)/;

/** The same in words, from servers that hand on PostgreSQL's message without its code. */
const VIOLATION = /violates (check|not-null|unique|exclusion) constraint/;

/**
 * Statuses that pass, or that an operator has to mend: wrong keys, missing migrations, too many
 * requests.
 */
const OF_OTHERS: ReadonlySet<number> = new Set([401, 403, 404, 408, 429]);

/**
 * Tells what an answer to a write of rows means. HTML with 200 comes as an error, too, so the error
 * counts and not the status.
 */
export function toWriteResult({ error, status }: RowsAnswer): WriteResult {
  if (!error) return { type: 'written' };
  const code = codeOf({ error, status });
  if (error.code === '23503' && error.message.includes(USER_CONSTRAINT)) return { type: 'user_gone' };
  if (OF_ROWS.test(error.code ?? '') || status === 413 || VIOLATION.test(error.message)) return { type: 'refused', code };
  const isOwn = status >= 400 && status < 500 && !OF_OTHERS.has(status) && /^[0-9A-Z]{5}$/.test(error.code ?? '');
  return isOwn ? { type: 'unclear', code } : { type: 'unavailable', code };
}

/** An error of Storage. */
export type StorageError = { status?: number | undefined; statusCode?: string | undefined };

/** Tells what an answer to a write of a file means. */
export function toFileWriteResult(error: StorageError | null): WriteResult {
  if (!error) return { type: 'written' };
  const status = statusOf(error);
  const code = `status ${status}`;
  return status >= 400 && status < 500 && !OF_OTHERS.has(status) ? { type: 'refused', code } : { type: 'unavailable', code };
}

/** Storage answers 400 and puts the real status into the body. */
export function statusOf({ status, statusCode }: StorageError): number {
  return Number(statusCode) || status || 0;
}

/**
 * The code of an error for logs: PostgreSQL's or the status. Its message and details can hold data
 * that was sent, and so can a code of another form.
 */
export function codeOf({ error, status }: RowsAnswer): string {
  return /^[A-Z0-9]{2,10}$/.test(error?.code ?? '') ? String(error?.code) : `status ${status}`;
}

/** The error for a reader while Supabase does not answer as it should. */
export function archiveUnavailable(code: string): ProblemError {
  return new ProblemError('archive_unavailable', 'What is not in Redis any more can not be read at the moment.', {
    retryAfterMs: 5000,
    cause: new OwnError(`Supabase answered with ${code}`),
  });
}
