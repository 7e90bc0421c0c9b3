/** Decodes an image under a guard: no image may take more memory than the largest that is allowed. */
import sharp, { type Sharp } from 'sharp';
import { ProblemError } from '../../src/job/problem.ts';
import { MAX_PIXELS } from '../../src/kinds/process-image.ts';
import { askThread, startThread } from '../thread.ts';
import type { Picture } from '../capabilities.ts';
import type { HeicAnswer, HeicQuestion } from './heic-thread.ts';

sharp.cache(false); // it would keep what no other job needs

/** An image that is about to be decoded: its pixels, on white where they were transparent, and its size, both upright. */
export type Decoding = { pixels: Sharp; width: number; height: number };

/**
 * Opens an image. Its pixels are decoded only when they are used; see {@link asDecoded}. The orientation that a camera has noted is applied.
 * @throws ProblemError `content_unusable` if it can't be read; the signal's reason if that is aborted
 */
export async function openPicture({ bytes, type }: Picture, signal: AbortSignal): Promise<Decoding> {
  const limits = { limitInputPixels: MAX_PIXELS, failOn: 'error' } as const;
  if (type === 'image/heic') {
    const { width, height, data } = await decodeHeic(bytes, signal);
    const pixels = sharp(data, { ...limits, raw: { width, height, channels: 4 } });
    return { pixels: pixels.flatten({ background: 'white' }), width, height };
  }
  const source = sharp(bytes, limits);
  const { autoOrient } = await asDecoded(() => source.metadata());
  return { pixels: source.autoOrient().flatten({ background: 'white' }), ...autoOrient };
}

/** Does work that decodes an image. What the decoder says of a damaged file becomes a problem of the content. */
export async function asDecoded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw unreadable(cause);
  }
}

async function decodeHeic(bytes: Uint8Array, signal: AbortSignal): Promise<NonNullable<HeicAnswer>> {
  const thread = startThread(new URL('./heic-thread.ts', import.meta.url));
  try {
    const question: HeicQuestion = { bytes, maxPixels: MAX_PIXELS };
    const decoded = await askThread<HeicAnswer>(thread, question, signal).catch((cause: unknown) => {
      throw signal.aborted ? signal.reason : unreadable(cause);
    });
    if (!decoded) throw unreadable();
    return decoded;
  } finally {
    void thread.terminate();
  }
}

function unreadable(cause?: unknown): ProblemError {
  return new ProblemError('content_unusable', 'The image can not be decoded: the file is damaged, or only a part of one.', { cause });
}
