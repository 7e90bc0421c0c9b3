/**
 * What only Amazon Polly says when it refuses, by the names of its errors: throttling and a text
 * that is too long have the same status.
 */
import type { ProblemError } from '../../../src/job/problem.ts';
import { type OwnCodes, type RefusalWords, toRefusalProblem } from '../refusal.ts';
import { bodyOf, type VendorAnswer } from '../vendor-call.ts';

const CLOCK: RefusalWords = ['provider_unauthorized', "Amazon Polly refuses the request's time: this server's clock may be wrong."];
const VOICE: RefusalWords = [
  'provider_rejected',
  'The voice does not speak this language, or not with this engine, in the region this server uses.',
];

const OWN: OwnCodes = {
  expiredtokenexception: ['provider_unauthorized', "This server's temporary keys for AWS have expired."],
  requestexpired: CLOCK,
  requesttimetooskewed: CLOCK,
  textlengthexceededexception: ['provider_rejected', 'A part of the text is too long for Amazon Polly.'],
  enginenotsupportedexception: VOICE,
  languagenotsupportedexception: VOICE,
};

/** The problem of an answer that is no success. */
export function toPollyProblem(answer: VendorAnswer): ProblemError {
  return toRefusalProblem('Amazon Polly', { ...answer, body: bodyOf(answer) }, OWN);
}
