/**
 * Azure Vision: reads the text in an image by Image Analysis 4.0. Microsoft ends that service in
 * September 2028.
 */
import { z } from 'zod';
import { httpUrl, milliseconds, vendorKey } from '../../src/env/variables.ts';
import type { Author, Usage } from '../../src/job/snapshot.ts';
import { type Capabilities, type ImageTextResult, NO_TOKENS } from '../capabilities.ts';
import { type Fit, type FittedImage, fitImage, pointIn } from '../images/fit-image.ts';
import { malformed, toAzureImageProblem } from './azure-image/errors.ts';
import { toTextWord } from './azure-image/operation.ts';
import { paidCall } from './paid-call.ts';
import { callVendor, jsonOf } from './vendor-call.ts';
import { defineVendor, missingIn } from './vendor.ts';

/** How the service is called. `endpoint`: without a slash at its end. `timeoutMs`: of one call. */
export type AzureVisionOptions = { endpoint: string; key: string; timeoutMs: number };

/** The service takes sides of 50 to 16,000 pixels, and 20 MB. */
const FIT: Fit = { maxSide: 8000, minSide: 50, maxBytes: 20_000_000 };

const AUTHOR: Author = { provider: 'azure-vision' };
const ONE_IMAGE: Usage = { ...NO_TOKENS, images: 1 };

/** An answer tells the place of each word: some 200 bytes. */
const MAX_ANSWER = 16_777_216;

const point = z.object({ x: z.number(), y: z.number() });
const word = z.object({ text: z.string(), boundingPolygon: z.array(point).default([]), confidence: z.number().optional() });
const line = z.object({ text: z.string(), boundingPolygon: z.array(point).default([]), words: z.array(word).default([]) });
const analysis = z.object({ readResult: z.object({ blocks: z.array(z.object({ lines: z.array(line) })) }) });

/** Makes the capability to read images by this service. */
export function createAzureVision({ endpoint, key, timeoutMs }: AzureVisionOptions): Capabilities['imageText'] {
  const url = `${endpoint}/computervision/imageanalysis:analyze?api-version=2024-02-01&features=read`;
  const headers = { 'Ocp-Apim-Subscription-Key': key, 'Content-Type': 'application/octet-stream' };
  const limits = { name: 'Azure Vision', timeoutMs, maxBytes: MAX_ANSWER };

  return async ({ image }, report, signal) => {
    const fitted = await fitImage(image, FIT, signal);
    return paidCall({ report, signal, author: AUTHOR, expected: ONE_IMAGE }, async (bill) => {
      const answer = await callVendor(url, { method: 'POST', headers, body: fitted.bytes }, limits, signal);
      if (answer.status !== 200) throw toAzureImageProblem(answer);
      bill(ONE_IMAGE);
      const read = analysis.safeParse(jsonOf(answer));
      if (!read.success) throw malformed(read.error);
      return toResult(read.data, fitted);
    });
  };
}

function toResult({ readResult: { blocks } }: z.infer<typeof analysis>, fitted: FittedImage): ImageTextResult {
  const toWord = ({ text, boundingPolygon, confidence }: z.infer<typeof word>) =>
    toTextWord(
      text,
      boundingPolygon.map(({ x, y }) => pointIn(fitted, x, y)),
      confidence,
    );
  const lines = blocks.flatMap((block) => block.lines);
  return {
    text: blocks.map((block) => block.lines.map(({ text }) => text).join('\n')).join('\n\n'),
    width: fitted.width,
    height: fitted.height,
    lines: lines.map(({ words, ...each }) => ({ ...toWord(each), words: words.map(toWord) })),
  };
}

/** Azure Vision as a vendor. */
export const azureVision = defineVendor({
  name: 'azure-vision',
  keys: ['AZURE_VISION_KEY'],
  prices: { '*': { perThousandImages: 1.5 } },
  variables: {
    AZURE_VISION_ENDPOINT: httpUrl.optional(),
    AZURE_VISION_KEY: vendorKey.optional(),
    AZURE_VISION_TIMEOUT_MS: milliseconds(60_000),
  },
  offers({ AZURE_VISION_ENDPOINT: address, AZURE_VISION_KEY: key, AZURE_VISION_TIMEOUT_MS: timeoutMs }, { guard }) {
    if (address === undefined || key === undefined) {
      return { imageText: { available: false, missing: missingIn({ AZURE_VISION_ENDPOINT: address, AZURE_VISION_KEY: key }) } };
    }
    const endpoint = address.replace(/\/+$/, '');
    const work = guard('azure-vision', createAzureVision({ endpoint, key, timeoutMs }));
    return {
      imageText: { available: true, work, author: AUTHOR, answers: JSON.stringify([AUTHOR.provider, endpoint]) },
    };
  },
});
