/** What only Azure Speech says when it refuses. No text of the server gets into a detail. */
import { ProblemError } from '../../../src/job/problem.ts';
import { type OwnCodes, type RefusalWords, toRefusalProblem } from '../refusal.ts';
import { bodyOf, type VendorAnswer } from '../vendor-call.ts';

const OWN: OwnCodes = {
  400: ['provider_rejected', 'Azure Speech does not take this recording, or does not assess this language.'],
  404: ['provider_rejected', 'There is no Azure Speech at the address this server is set to.'],
  413: ['provider_rejected', 'The recording is too long for Azure Speech.'],
  415: ['provider_rejected', 'Azure Speech does not take this type of recording.'],
};

/** The problem of an answer that is no success. */
export function toAzureSpeechProblem(answer: VendorAnswer): ProblemError {
  return toRefusalProblem('Azure Speech', { ...answer, body: bodyOf(answer) }, OWN);
}

/** Codes and details of recognitions that were none. They come as HTTP 200. */
const byRecognition: Readonly<Record<string, RefusalWords>> = {
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
