/** Files that browsers are sent as they are: the pages, and what they are made of. */
import type { Context } from 'hono';
import { digestOfBytes } from '../store/digest.ts';
import { answer, isKnown } from './answer.ts';
import type { AppEnv } from './context.ts';

/** A file as it is served. */
export type Asset = { type: string; bytes: Uint8Array<ArrayBuffer> };

/**
 * Reads a file by its name, or by the path of its address; undefined if there is none. The runtime
 * knows where the files are.
 */
export type ReadAsset = (name: string) => Promise<Asset | undefined>;

/**
 * What the pages may load (Content Security Policy Level 3): only files of this origin.
 * `blob:` is for files that the user has chosen or recorded; to show them sends them nowhere.
 */
const POLICY = [
  "default-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Answers with a file. A browser asks each time whether it has changed, so that a deploy is seen at
 * once.
 */
export function answerAsset(c: Context<AppEnv>, { type, bytes }: Asset): Response {
  const tag = `"${digestOfBytes(bytes)}"`;
  const headers = {
    ETag: tag,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    Vary: 'Accept',
  };
  if (isKnown(c, tag)) return answer(c, 304, null, headers);
  return answer(c, 200, c.req.method === 'HEAD' ? null : bytes, { ...headers, 'Content-Type': type, 'Content-Security-Policy': POLICY });
}
