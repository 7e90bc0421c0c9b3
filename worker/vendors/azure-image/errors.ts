/**
 * What only Azure's two services for images say when they refuse. No text of a server gets into a
 * detail.
 */
import { ProblemError } from '../../../src/job/problem.ts';
import { type OwnCodes, type RefusalWords, toRefusalProblem } from '../refusal.ts';
import { bodyOf, type VendorAnswer } from '../vendor-call.ts';

const NAME = 'the provider';

const DAMAGED = 'The provider can not read the image: the file is damaged';
const SIZE: RefusalWords = ['content_unusable', 'The provider takes no image of this size.'];
const LENGTH: RefusalWords = ['content_unusable', 'The file of the image is too large for the provider.'];
const TYPE: RefusalWords = ['content_unusable', 'The provider does not take this type of image.'];

const OWN: OwnCodes = {
  invalidcontent: ['content_unusable', `${DAMAGED}.`],
  invalidcontentdimensions: SIZE,
  invalidcontentlength: LENGTH,
  invalidimageformat: ['content_unusable', `${DAMAGED}, or of a type that it does not take.`],
  invalidimagesize: SIZE,
  unsupportedcontent: TYPE,
  notsupportedvisualfeature: ['provider_rejected', 'The provider does not read text in its region.'],
  404: ['provider_rejected', 'There is no such service at the address this server is set to.'],
  413: LENGTH,
  415: TYPE,
};

/** The problem of an answer that is no success. */
export function toAzureImageProblem(answer: VendorAnswer): ProblemError {
  return toRefusalProblem(NAME, { ...answer, body: bodyOf(answer) }, OWN);
}

/** The problem of an operation that has failed in the background; `body` is its status. */
export function toOperationProblem(body: unknown): ProblemError {
  return toRefusalProblem(NAME, { body }, OWN);
}

/** The problem of an answer in another shape than is documented. */
export function malformed(cause?: unknown): ProblemError {
  return new ProblemError('provider_bad_answer', 'The provider answered with something that is not known.', { cause });
}
