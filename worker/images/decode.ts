/**
 * Decodes an image under a guard: no image may take more memory than the largest that is allowed.
 */
import sharp, { type Sharp } from 'sharp';
import { ProblemError } from '../../src/job/problem.ts';
import { MAX_PIXELS } from '../../src/kinds/process-image.ts';
import { askThread, startThread } from '../thread.ts';
import type { Picture } from '../capabilities.ts';
import type { HeicAnswer, HeicQuestion } from './heic-thread.ts';

sharp.cache(false); // it would keep what no other job needs

/** What is behind the transparent parts of an image. */
export type Ground = 'white' | 'black';

/**
 * An image that is about to be decoded: its pixels, on a ground where they were transparent, and
 * its size, both upright.
 */
export type DecodedImage = { pixels: Sharp; width: number; height: number; ground: Ground };

/**
 * Opens an image. Its pixels are decoded only when they are used; see {@link asDecoded}. The
 * orientation that a camera has noted is applied.
 * @throws ProblemError `content_unusable` if it can't be read; the signal's reason if that is
 * aborted
 */
export async function openPicture({ bytes, type }: Picture, signal: AbortSignal): Promise<DecodedImage> {
  const limits = { limitInputPixels: MAX_PIXELS, failOn: 'error' } as const;
  if (type === 'image/heic') {
    const { width, height, data } = await decodeHeic(bytes, signal);
    const open = () => sharp(data, { ...limits, raw: { width, height, channels: 4 } });
    return onGround(open(), await groundOf(open()), { width, height });
  }
  const source = sharp(bytes, limits);
  const { autoOrient, hasAlpha } = await asDecoded(() => source.metadata());
  const ground = hasAlpha ? await groundOf(sharp(bytes, limits)) : 'white';
  return onGround(source.autoOrient(), ground, autoOrient);
}

function onGround(pixels: Sharp, ground: Ground, size: { width: number; height: number }): DecodedImage {
  return { pixels: pixels.flatten({ background: ground }), ...size, ground };
}

/** The longest side of the small copy by which the ground is chosen, in pixels. */
const COPY_SIDE = 512;

/** How light, of 255, the drawn parts have to be for a black ground. */
const LIGHT = 128;

/**
 * Chooses the ground against which what is drawn can be seen: light letters on nothing would be
 * gone on white. An image of which more than a half is drawn has a ground of its own.
 */
async function groundOf(pixels: Sharp): Promise<Ground> {
  const small = pixels.resize(COPY_SIDE, COPY_SIDE, { fit: 'inside', withoutEnlargement: true }).ensureAlpha().toColourspace('srgb').raw();
  const { data, info } = await asDecoded(() => small.toBuffer({ resolveWithObject: true }));
  let drawn = 0;
  let light = 0;
  for (let at = 0; at + 3 < data.length; at += 4) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(at, at + 4);
    drawn += alpha;
    light += alpha * (0.299 * red + 0.587 * green + 0.114 * blue); // as ITU-R BT.601 weighs them
  }
  const share = drawn / (255 * info.width * info.height);
  return share < 0.5 && drawn > 0 && light / drawn >= LIGHT ? 'black' : 'white';
}

/**
 * Does work that decodes an image. What the decoder says of a damaged file becomes a problem of the
 * content.
 */
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
