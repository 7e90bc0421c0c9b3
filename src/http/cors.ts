/** Cross-origin requests (the Fetch standard, CORS protocol): web pages of other origins may call this API, without cookies. */
import type { Context } from 'hono';
import { answer } from './answer.ts';
import type { AppEnv } from './env.ts';

/** The request headers that a page may send: all that a route reads. */
export const ALLOWED = [
  'Content-Type',
  'Authorization',
  'user-id',
  'Idempotency-Key',
  'Prefer',
  'Cancel-After',
  'Start-Within',
  'Last-Event-ID',
  'If-None-Match',
  'Range',
  'If-Range',
  'X-Request-Id',
];

/** The answer headers that a page may read. */
const EXPOSED = [
  'Location',
  'Content-Location',
  'Retry-After',
  'ETag',
  'Accept-Ranges',
  'Content-Range',
  'RateLimit',
  'RateLimit-Policy',
  'Preference-Applied',
  'Idempotent-Replayed',
  'Job-Reused',
  'x-request-id',
];

/** How long a browser may remember the answer to a preflight request, in s. */
const MAX_AGE_S = 86_400;

/** What an app does for pages of other origins. */
export type Cors = {
  /** The headers that every answer to this request has. */
  headersFor(c: Context<AppEnv>): Record<string, string>;
  /** The answer to a preflight request (OPTIONS): what a page may send. */
  preflight(c: Context<AppEnv>): Response;
};

/** Makes them for the origins that may call; `*` stands for all. `methods`: those of the app's routes, asked when all are there. */
export function createCors(origins: string[], methods: () => string[]): Cors {
  const exposed = { 'Access-Control-Expose-Headers': EXPOSED.join(',') };
  const forAll = { 'Access-Control-Allow-Origin': '*', ...exposed };
  const preflightHeaders = {
    'Access-Control-Max-Age': String(MAX_AGE_S),
    'Access-Control-Allow-Headers': ALLOWED.join(','),
  };
  const anyone = origins.includes('*');
  return {
    headersFor(c) {
      if (anyone) return forAll;
      const origin = c.req.header('origin');
      const known = origin !== undefined && origins.includes(origin);
      return { ...(known && { 'Access-Control-Allow-Origin': origin }), ...exposed, Vary: 'Origin' };
    },
    preflight: (c) =>
      answer(c, 204, null, {
        ...preflightHeaders,
        'Access-Control-Allow-Methods': methods().join(','),
        Vary: `${anyone ? '' : 'Origin, '}Access-Control-Request-Headers`,
        'Cache-Control': undefined,
      }),
  };
}
