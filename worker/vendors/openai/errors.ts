/** Turns the server's errors into our codes. No text of the server gets into a detail, except the model's reason for declining. */
import { APIError } from 'openai';
import { ProblemError, type ProblemCode } from '../../../src/job/problem.ts';
import type { Ending } from '../../capabilities.ts';
import { retryAfterOf } from '../vendor-call.ts';
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

/** Codes and details by the server's own code, where it says more than the status. */
const byCode: Readonly<Record<string, Words | undefined>> = {
  insufficient_quota: ['provider_quota_exceeded', "The quota of this server's account with the provider is used up."],
  content_policy_violation: ['provider_refused', "The provider's content filter refuses the text."],
  content_filter: ['provider_refused', "The provider's content filter refuses the text."],
};

const UNAVAILABLE: Words = ['provider_unavailable', 'The provider could not be reached, or answered with an error of its own.'];

/** Turns what the SDK has thrown into a problem. */
export function toProblemError(error: unknown): ProblemError {
  if (error instanceof EventTooLong) return new ProblemError('provider_bad_answer', 'The model wrote far more than any answer needs.');
  if (!(error instanceof APIError)) {
    return new ProblemError('provider_unavailable', 'The connection to the provider broke.', { cause: error });
  }
  const known = byCode[error.code ?? ''];
  if (known) return new ProblemError(...known, { cause: error });
  const [code, detail] = byStatus[error.status ?? 0] ?? UNAVAILABLE;
  return new ProblemError(code, detail, { cause: error, ...retryAfterOf(error.headers) });
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
