/**
 * Cross-origin requests (the Fetch standard, CORS protocol): web pages of other origins may call
 * this API, without cookies.
 */
import type { Context } from 'hono';
import { answer } from './answer.ts';
import type { AppEnv } from './context.ts';
import { type CallingPages, isOfThisMachine } from './origins.ts';
import { mayShowToken } from './job-access.ts';

/** What the openai SDK says of itself with each request. */
const STAINLESS = [
  'Lang',
  'Package-Version',
  'OS',
  'Arch',
  'Runtime',
  'Runtime-Version',
  'Retry-Count',
  'Timeout',
  'Helper-Method',
  'Poll-Helper',
  'Custom-Poll-Interval',
].map((name) => `X-Stainless-${name}`);

/** The request headers that a page may send: all that a route reads, and what the openai SDK sends. */
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
  'traceparent',
  'User-Agent', // SDKs set it, and not all browsers keep it from them
  'OpenAI-Organization',
  'OpenAI-Project',
  ...STAINLESS,
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
  'Contract-Version',
  'Idempotent-Replayed',
  'Job-Reused',
  'x-request-id',
  'x-workflow-run-id',
  'x-vercel-ai-ui-message-stream',
  'x-should-retry',
  'openai-poll-after-ms',
];

/** How long a browser may remember the answer to a preflight request, in s. */
const MAX_AGE_S = 86_400;

/**
 * The headers that a page of another site may send with a job's token: none that identifies a user.
 */
const ALLOWED_WITH_TOKEN = ['Last-Event-ID', 'If-None-Match', 'Range', 'If-Range', 'X-Request-Id', 'traceparent'];

/**
 * Makes the CORS headers of answers, and the answers to preflight requests. `methods`: those of the
 * app's routes, asked when all are there.
 */
export function createCors({ listed, own = [] }: CallingPages, methods: () => string[]) {
  const exposed = { 'Access-Control-Expose-Headers': EXPOSED.join(',') };
  const forAll = { 'Access-Control-Allow-Origin': '*', ...exposed };
  const anyone = listed?.includes('*') ?? false;

  /** The origin that may read the answer; undefined if the page that asks may not. */
  const allowed = (c: Context<AppEnv>): string | undefined => {
    const origin = c.req.header('origin');
    if (listed) return origin !== undefined && listed.includes(origin) ? origin : undefined;
    if (origin === undefined) return '*'; // no page asks
    if (isOfThisMachine(origin, c.req.header('host'), own)) return origin;
    return mayShowToken(c) ? '*' : undefined; // who has a job's token may read the job
  };

  return {
    /** The headers that every answer to this request has. */
    headersFor(c: Context<AppEnv>): Record<string, string> {
      if (anyone) return forAll;
      const origin = allowed(c);
      return { ...(origin !== undefined && { 'Access-Control-Allow-Origin': origin }), ...exposed, Vary: 'Origin' };
    },
    /** The answer to a preflight request (OPTIONS): what a page may send. */
    preflight(c: Context<AppEnv>): Response {
      const isForeign = !listed && c.get('headers')['Access-Control-Allow-Origin'] === '*' && c.req.header('origin') !== undefined;
      return answer(c, 204, null, {
        'Access-Control-Max-Age': String(MAX_AGE_S),
        'Access-Control-Allow-Headers': (isForeign ? ALLOWED_WITH_TOKEN : ALLOWED).join(','),
        'Access-Control-Allow-Methods': (isForeign ? ['GET'] : methods()).join(','),
        Vary: `${anyone ? '' : 'Origin, '}Access-Control-Request-Headers`,
        'Cache-Control': undefined,
      });
    },
  };
}
