/** Turns the errors of Azure's two services for images into our codes. No text of a server gets into a detail. */
import { ProblemError, type ProblemCode } from '../../../src/job/problem.ts';
import { jsonOf, retryAfterOf, type VendorAnswer } from '../vendor-call.ts';

type Words = [code: ProblemCode, detail: string];

/** Codes and details by the service's own code, the inner one first: it says more than the status. */
const byCode: Readonly<Record<string, Words>> = {
  InvalidContent: ['content_unusable', 'The provider can not read the image: the file is damaged.'],
  InvalidContentDimensions: ['content_unusable', 'The provider takes no image of this size.'],
  InvalidContentLength: ['content_unusable', 'The file of the image is too large for the provider.'],
  InvalidImageFormat: ['content_unusable', 'The provider can not read the image: the file is damaged, or of a type that it does not take.'],
  InvalidImageSize: ['content_unusable', 'The provider takes no image of this size.'],
  UnsupportedContent: ['content_unusable', 'The provider does not take this type of image.'],
  NotSupportedVisualFeature: ['provider_rejected', 'The provider does not read text in its region.'],
  ModelNotFound: ['provider_rejected', 'The provider does not know the model for reading.'],
  Unauthorized: ['provider_unauthorized', "The provider does not accept this server's key for its endpoint."],
  Forbidden: ['provider_unauthorized', "The provider does not allow this server's key to do that."],
  QuotaExceeded: ['provider_quota_exceeded', "The quota of this server's account with the provider is used up."],
};

/** Codes and details by HTTP status. All others are `provider_unavailable`. */
const byStatus: Partial<Record<number, Words>> = {
  400: ['provider_rejected', 'The provider does not accept the request.'],
  401: byCode['Unauthorized'],
  403: byCode['Forbidden'],
  404: ['provider_rejected', 'There is no such service at the address this server is set to.'],
  408: ['provider_timeout', 'The provider gave up waiting.'],
  413: byCode['InvalidContentLength'],
  415: byCode['UnsupportedContent'],
  429: ['provider_rate_limited', 'The provider asks to slow down.'],
};

const UNAVAILABLE: Words = ['provider_unavailable', 'The provider answered with an error of its own.'];

/** The problem of an answer that is no success. A used-up quota comes as 403 or 429; only its text tells the difference. */
export function toHttpProblem(answer: VendorAnswer): ProblemError {
  const { status, headers, bytes } = answer;
  const isQuota = (status === 403 || status === 429) && /quota/i.test(new TextDecoder().decode(bytes.subarray(0, 4096)));
  const words = isQuota ? byCode['QuotaExceeded'] : (wordsFor(jsonOf(answer)) ?? byStatus[status]);
  const [code, detail] = words ?? UNAVAILABLE;
  return new ProblemError(code, detail, { cause: Object.assign(new Error('HTTP'), { status }), ...retryAfterOf(headers) });
}

/** The problem of an operation that has failed in the background; `body` is its status. */
export function toOperationProblem(body: unknown): ProblemError {
  const [code, detail] = wordsFor(body) ?? UNAVAILABLE;
  return new ProblemError(code, detail);
}

/** The problem of an answer in another shape than is documented. */
export function malformed(cause?: unknown): ProblemError {
  return new ProblemError('provider_bad_answer', 'The provider answered with something that is not known.', { cause });
}

type ErrorBody = { error?: { code?: unknown; innererror?: { code?: unknown } } } | undefined;

function wordsFor(body: unknown): Words | undefined {
  const { code, innererror } = (body as ErrorBody)?.error ?? {};
  return byCode[String(innererror?.code)] ?? byCode[String(code)];
}
