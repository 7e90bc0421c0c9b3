/** Turns the errors of Amazon Polly into our codes, by their names: throttling and a text that is too long have the same status. */
import { z } from 'zod';
import { ProblemError, type ProblemCode } from '../../../src/job/problem.ts';
import { jsonOf, retryAfterOf, type VendorAnswer } from '../vendor-call.ts';

type Words = [code: ProblemCode, detail: string];

const UNAUTHORIZED: Words = ['provider_unauthorized', "Amazon Polly does not accept this server's keys."];
const FORBIDDEN: Words = ['provider_unauthorized', "This server's keys are not allowed to use Amazon Polly."];
const THROTTLED: Words = ['provider_rate_limited', 'Amazon Polly asks to slow down.'];
const QUOTA: Words = ['provider_quota_exceeded', "The quota of this server's account with AWS is used up."];
const UNAVAILABLE: Words = ['provider_unavailable', 'Amazon Polly answered with an error of its own.'];
const REJECTED: Words = ['provider_rejected', 'Amazon Polly does not accept the request.'];
const CLOCK: Words = ['provider_unauthorized', "Amazon Polly refuses the request's time: this server's clock may be wrong."];
const VOICE: Words = [
  'provider_rejected',
  'The voice does not speak this language, or not with this engine, in the region this server uses.',
];

const byName: Readonly<Record<string, Words>> = {
  ThrottlingException: THROTTLED,
  ThrottledException: THROTTLED,
  Throttling: THROTTLED,
  RequestThrottled: THROTTLED,
  RequestThrottledException: THROTTLED,
  TooManyRequestsException: THROTTLED,
  SlowDown: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  LimitExceededException: QUOTA,
  ServiceQuotaExceededException: QUOTA,
  UnrecognizedClientException: UNAUTHORIZED,
  InvalidClientTokenId: UNAUTHORIZED,
  InvalidSignatureException: UNAUTHORIZED,
  SignatureDoesNotMatch: UNAUTHORIZED,
  IncompleteSignatureException: UNAUTHORIZED,
  MissingAuthenticationTokenException: UNAUTHORIZED,
  ExpiredTokenException: ['provider_unauthorized', "This server's temporary keys for AWS have expired."],
  RequestExpired: CLOCK,
  RequestTimeTooSkewed: CLOCK,
  AccessDeniedException: FORBIDDEN,
  OptInRequired: FORBIDDEN,
  SubscriptionRequiredException: FORBIDDEN,
  TextLengthExceededException: ['provider_rejected', 'A part of the text is too long for Amazon Polly.'],
  EngineNotSupportedException: VOICE,
  LanguageNotSupportedException: VOICE,
  InvalidSsmlException: REJECTED,
  InvalidSampleRateException: REJECTED,
  MarksNotSupportedForFormatException: REJECTED,
  ValidationException: REJECTED,
  ServiceFailureException: UNAVAILABLE,
  InternalFailure: UNAVAILABLE,
  ServiceUnavailableException: UNAVAILABLE,
};

const byStatus: Partial<Record<number, Words>> = { 400: REJECTED, 401: UNAUTHORIZED, 403: FORBIDDEN, 404: REJECTED, 429: THROTTLED };

const body = z.object({ __type: z.string().optional(), code: z.string().optional() }).catch({});

/** The problem of an answer that is no success. */
export function toPollyProblem(answer: VendorAnswer): ProblemError {
  const { status, headers } = answer;
  const { __type: type, code: bodyCode } = body.parse(jsonOf(answer));
  // The name may stand behind a namespace, and a URL may stand behind the name.
  const name = (headers.get('x-amzn-errortype') ?? type ?? bodyCode ?? '').split(':')[0]?.replace(/^.*#/, '') ?? '';
  const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
  const [code, detail] = known ?? byStatus[status] ?? UNAVAILABLE;
  const cause = Object.assign(new Error('AWS'), { status, ...(known && { code: name }) });
  return new ProblemError(code, detail, { cause, ...retryAfterOf(headers) });
}
