/** Turns the server's errors into our codes. No text of the server gets into a detail, except the model's reason for declining. */
import { APIError } from 'openai';
import { ProblemError, type ProblemCode } from '../../../src/job/problem.ts';
import type { Ending } from '../../capabilities.ts';
import { EventTooLong } from './events.ts';
import type { Outcome } from './read.ts';

type Words = [code: ProblemCode, detail: string];

/** Codes and details by HTTP status. 5xx and all others are `provider_unavailable`. */
const byStatus: Partial<Record<number, Words>> = {
  400: ['provider_rejected', 'The provider does not accept the request; the server log has its reason.'],
  401: ['provider_unauthorized', "The provider does not accept this server's key."],
  403: ['provider_unauthorized', "The provider does not allow this server's key to do that."],
  404: ['provider_rejected', 'The provider does not know the model this server is set to.'],
  408: ['provider_timeout', 'The provider gave up waiting.'],
  413: ['provider_rejected', 'The content is too long for the model.'],
  422: ['provider_rejected', 'The provider does not accept the request; the server log has its reason.'],
  429: ['provider_rate_limited', 'The provider asks to slow down.'],
};

const UNAVAILABLE: Words = ['provider_unavailable', 'The provider could not be reached, or answered with an error of its own.'];

/** Turns what the SDK has thrown into a problem. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof EventTooLong) return new ProblemError('provider_bad_answer', 'The model wrote far more than any answer needs.');
  if (!(error instanceof APIError)) {
    return new ProblemError('provider_unavailable', 'The connection to the provider broke.', { cause: error });
  }
  if (error.code === 'insufficient_quota') {
    return new ProblemError('provider_quota_exceeded', "The quota of this server's account with the provider is used up.", {
      cause: error,
    });
  }
  const [code, detail] = byStatus[error.status ?? 0] ?? UNAVAILABLE;
  const retryAfterMs = readRetryAfter(error.headers);
  return new ProblemError(code, detail, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** The problem for a server that stopped sending, or never sent anything. */
export function fellSilent(cause?: unknown): ProblemError {
  return new ProblemError('provider_timeout', 'The model fell silent before its answer was whole.', { cause });
}

/** Turns an outcome into an ending for the handler, or throws. An answer that was stopped before its first item has failed. */
export function toEnding(outcome: Outcome & { given: number }): Ending {
  switch (outcome.end) {
    case 'whole':
      return 'whole';
    case 'enough':
      return 'partial';
    case 'length':
      if (outcome.given > 0) return 'partial';
      throw new ProblemError('provider_cut_off', "The model's answer reached its length limit before its first item.");
    case 'stuck':
      if (outcome.given > 0) return 'partial';
      throw new ProblemError('provider_timeout', 'The model wrote on and on without an item.');
    case 'silent':
      throw fellSilent();
    case 'refused':
      throw new ProblemError('provider_refused', `The model declined: ${outcome.words.slice(0, 300)}`);
    case 'filtered':
      throw new ProblemError('provider_refused', "The provider's content filter stopped the answer.");
    case 'broken':
      throw new ProblemError('provider_bad_answer', outcome.why);
    case 'cut':
      throw new ProblemError('provider_cut_off', 'The connection to the model ended before its answer was whole.');
  }
}

/** Reads `Retry-After` (RFC 9110, section 10.2.3), which is seconds or a date, as ms from now. */
function readRetryAfter(headers: Headers | undefined): number | undefined {
  const text = headers?.get('retry-after');
  if (!text) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
