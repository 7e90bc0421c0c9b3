/**
 * The code of a thread that decodes one HEIC image. The decoder works without a pause, and a
 * damaged file may stop it for good.
 */
import { parentPort } from 'node:worker_threads';
import decode from 'heic-decode';

/** What the thread is asked. */
export type HeicQuestion = { bytes: Uint8Array; maxPixels: number };

/**
 * Its answer: the pixels, upright, in RGBA; or undefined for an image that has too many, or can't
 * be decoded.
 */
export type HeicAnswer = { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> } | undefined;

/** An image as the decoder opens it: its types leave out the size. */
type HeicImage = Awaited<ReturnType<typeof decode.all>>[number] & { width: number; height: number };

/** Looks at the size first: the memory for the pixels is taken only after that. */
async function answer({ bytes, maxPixels }: HeicQuestion): Promise<HeicAnswer> {
  const [image] = (await decode.all({ buffer: bytes })) as HeicImage[];
  if (!image || image.width * image.height > maxPixels) return undefined;
  return (await image.decode()) as HeicAnswer;
}

parentPort?.once('message', (question: HeicQuestion) => {
  void answer(question)
    .catch(() => undefined)
    .then((decoded) => parentPort?.postMessage(decoded, decoded ? [decoded.data.buffer] : []));
});
