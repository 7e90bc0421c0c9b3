/** Turns the errors of Azure Speech into our codes. No text of the server gets into a detail. */
import { ProblemError, type ProblemCode } from '../../../src/job/problem.ts';
import { retryAfterOf, type VendorAnswer } from '../vendor-call.ts';

type Words = [code: ProblemCode, detail: string];

/** Codes and details by HTTP status. All others are `provider_unavailable`. */
const byStatus: Partial<Record<number, Words>> = {
  400: ['provider_rejected', 'Azure Speech does not take this recording, or does not assess this language.'],
  401: ['provider_unauthorized', "Azure Speech does not accept this server's key for its region."],
  403: ['provider_unauthorized', "Azure Speech does not allow this server's key to do that."],
  404: ['provider_rejected', 'There is no Azure Speech at the address this server is set to.'],
  408: ['provider_timeout', 'Azure Speech gave up waiting.'],
  413: ['provider_rejected', 'The recording is too long for Azure Speech.'],
  415: ['provider_rejected', 'Azure Speech does not take this type of recording.'],
  429: ['provider_rate_limited', 'Azure Speech asks to slow down.'],
};

const UNAVAILABLE: Words = ['provider_unavailable', 'Azure Speech answered with an error of its own.'];
const QUOTA: Words = ['provider_quota_exceeded', "The quota of this server's account with Azure Speech is used up."];

/** The problem of an answer that is no success. A used-up quota comes as 403 or 429, and only its text tells the difference. */
export function toHttpProblem({ status, headers, bytes }: VendorAnswer): ProblemError {
  const quota = (status === 403 || status === 429) && /quota/i.test(new TextDecoder().decode(bytes.subarray(0, 4096)));
  const [code, detail] = quota ? QUOTA : (byStatus[status] ?? UNAVAILABLE);
  return new ProblemError(code, detail, { cause: statusCause(status), ...retryAfterOf(headers) });
}

/** Codes and details of recognitions that were none. They come as HTTP 200. */
const byRecognition: Readonly<Record<string, Words>> = {
  NoMatch: ['content_unusable', 'Nobody speaks the language in the recording, as far as can be heard.'],
  InitialSilenceTimeout: ['content_unusable', 'The recording has only silence in it.'],
  BabbleTimeout: ['content_unusable', 'The recording has only noise in it.'],
  Error: ['provider_unavailable', 'Azure Speech could not go on with the recognition.'],
};

/** The problem of a recognition that was no success. */
export function toRecognitionProblem(status: string): ProblemError {
  const [code, detail] = byRecognition[status] ?? ['provider_bad_answer', 'Azure Speech answered with an outcome that is not known.'];
  return new ProblemError(code, detail);
}

/** An answer's status, for the log. */
function statusCause(status: number): Error {
  return Object.assign(new Error('HTTP'), { status });
}
