/**
 * Azure Document Intelligence: reads the text in an image by its model `prebuilt-read`, which works
 * in the background.
 */
import { httpUrl, milliseconds, vendorKey } from '../../src/env/variables.ts';
import { ProblemError, problems } from '../../src/job/problem.ts';
import type { Author, Usage } from '../../src/job/snapshot.ts';
import { type Capabilities, NO_TOKENS } from '../capabilities.ts';
import { type Fit, fitImage } from '../images/fit-image.ts';
import { readOperation, type Operation } from './azure-image/operation.ts';
import { malformed, toAzureImageProblem } from './azure-image/errors.ts';
import { paidCall } from './paid-call.ts';
import { retryDelayMs } from './retry-delay.ts';
import { pause } from './pause.ts';
import { callVendor } from './vendor-call.ts';
import { defineVendor, missingIn } from './vendor.ts';

/**
 * How the service is called. `endpoint`: without a slash at its end. `timeoutMs`: of one call;
 * `totalMs`: until the text must be there.
 */
export type AzureDocumentOptions = { endpoint: string; key: string; timeoutMs: number; totalMs: number };

/** The service takes sides of 50 to 10,000 pixels; its free tier takes 4 MB. */
const FIT: Fit = { maxSide: 6000, minSide: 50, maxBytes: 4_000_000 };

const AUTHOR: Author = { provider: 'azure-document' };
const ONE_IMAGE: Usage = { ...NO_TOKENS, images: 1 };
const MAX_ANSWER = 33_554_432;

/**
 * How soon to ask again if the service does not say, how late at most, and how soon at the
 * earliest, in ms.
 */
const POLL_MS = 1000;
const MAX_POLL_MS = 30_000;
const MIN_POLL_MS = 50;

/**
 * So many polls in a row may fail. The reading is paid for by then, and another attempt at it would
 * be, too.
 */
const MAX_FAILED_POLLS = 5;

/**
 * Makes the capability to read images by this service. What was started is kept, so that a further
 * attempt goes on with it and pays for nothing.
 */
export function createAzureDocument(service: AzureDocumentOptions): Capabilities['imageText'] {
  const { totalMs } = service;
  return async ({ image, started, keepStarted }, report, signal) => {
    const fitted = await fitImage(image, FIT, signal);
    const limit = AbortSignal.timeout(totalMs);
    const either = AbortSignal.any([signal, limit]);
    const known = started !== undefined && isOf(service, started) ? started : undefined;
    const terms = { report, signal, author: AUTHOR, expected: known === undefined ? ONE_IMAGE : NO_TOKENS, ifAborted: ONE_IMAGE };
    return paidCall(terms, async (bill) => {
      try {
        if (known !== undefined) {
          bill(NO_TOKENS);
          const operation = await follow(service, known, 0, either).catch(unlessGone);
          if (operation) return operation.textIn(fitted);
          bill(undefined);
        }
        const { url, answer } = await start(service, fitted.bytes, either);
        bill(ONE_IMAGE);
        keepStarted(url);
        return (await follow(service, url, pauseOf(retryDelayMs(answer.headers, undefined)), either)).textIn(fitted);
      } catch (cause) {
        if (signal.aborted) throw signal.reason;
        if (!limit.aborted) throw cause;
        throw new ProblemError('provider_timeout', `Document Intelligence did not read the image within ${totalMs / 1000} s.`, { cause });
      }
    });
  };
}

function call(service: AzureDocumentOptions, url: string, body: Uint8Array<ArrayBuffer> | undefined, signal: AbortSignal) {
  const auth = { 'Ocp-Apim-Subscription-Key': service.key };
  const init = body && { method: 'POST', body };
  const headers = body ? { ...auth, 'Content-Type': 'application/octet-stream' } : auth;
  const limits = { name: 'Document Intelligence', timeoutMs: service.timeoutMs, maxBytes: MAX_ANSWER };
  return callVendor(url, { ...init, headers }, limits, signal);
}

/** Whether an address is one of the service's own server. The key is sent to no other. */
function isOf({ endpoint }: AzureDocumentOptions, url: string): boolean {
  return URL.canParse(url) && new URL(url).origin === new URL(endpoint).origin;
}

/** Starts a reading. Resolves with the address of its operation. */
async function start(service: AzureDocumentOptions, body: Uint8Array<ArrayBuffer>, signal: AbortSignal) {
  const analyze = `${service.endpoint}/documentintelligence/documentModels/prebuilt-read:analyze?api-version=2024-11-30`;
  const answer = await call(service, analyze, body, signal);
  if (answer.status !== 202) throw toAzureImageProblem(answer);
  const url = answer.headers.get('operation-location') ?? '';
  if (!isOf(service, url)) throw malformed();
  return { url, answer };
}

/** Asks for an operation until it has ended. */
async function follow(service: AzureDocumentOptions, url: string, firstMs: number, signal: AbortSignal): Promise<Operation> {
  let pauseMs = firstMs;
  for (let failed = 0; ;) {
    await pause(pauseMs, signal);
    try {
      const answer = await call(service, url, undefined, signal);
      if (answer.status !== 200) throw toAzureImageProblem(answer);
      const operation = readOperation(answer);
      if (operation !== 'running') return operation;
      failed = 0;
      pauseMs = pauseOf(retryDelayMs(answer.headers, undefined));
    } catch (error) {
      if (!(error instanceof ProblemError) || !problems[error.code].retryable || ++failed >= MAX_FAILED_POLLS) throw error;
      pauseMs = pauseOf(error.extras.retryAfterMs);
    }
  }
}

/** An operation that the service does not know any more is begun anew. */
function unlessGone(error: unknown): undefined {
  if (error instanceof ProblemError && error.code === 'provider_rejected') return undefined;
  throw error;
}

function pauseOf(retryAfterMs = POLL_MS): number {
  return Math.max(Math.min(retryAfterMs, MAX_POLL_MS), MIN_POLL_MS);
}

/** Document Intelligence as a vendor. */
export const azureDocument = defineVendor({
  name: 'azure-document',
  keys: ['AZURE_DOCUMENT_KEY'],
  prices: { '*': { perThousandImages: 1.5 } },
  variables: {
    AZURE_DOCUMENT_ENDPOINT: httpUrl.optional(),
    AZURE_DOCUMENT_KEY: vendorKey.optional(),
    AZURE_DOCUMENT_TIMEOUT_MS: milliseconds(100_000),
  },
  offers({ AZURE_DOCUMENT_ENDPOINT: address, AZURE_DOCUMENT_KEY: key, AZURE_DOCUMENT_TIMEOUT_MS: totalMs }, { guard }) {
    if (address === undefined || key === undefined) {
      return { imageText: { available: false, missing: missingIn({ AZURE_DOCUMENT_ENDPOINT: address, AZURE_DOCUMENT_KEY: key }) } };
    }
    const endpoint = address.replace(/\/+$/, '');
    const work = guard('azure-document', createAzureDocument({ endpoint, key, timeoutMs: Math.min(totalMs, 60_000), totalMs }));
    return {
      imageText: { available: true, work, author: AUTHOR, answers: JSON.stringify([AUTHOR.provider, endpoint]) },
    };
  },
});
