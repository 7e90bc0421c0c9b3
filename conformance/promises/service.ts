/** Promises about the service itself: what is up, how answers are marked, and what pages of other origins may do. */
import { type Check, must, notJudged, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { SUBMIT } from '../jobs.ts';

/** The request headers that a page must be able to send. */
const SENT = ['Authorization', 'user-id', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID', 'If-None-Match', 'Prefer'];

/** The answer headers that a page must be able to read. */
const READ = [
  'Location',
  'Retry-After',
  'ETag',
  'RateLimit',
  'RateLimit-Policy',
  'Preference-Applied',
  'Idempotent-Replayed',
  'x-request-id',
];

/** The checks of this group. */
export const service: Check<Deployment>[] = [
  {
    id: 'service',
    promise: '/health, /ready and /openapi.json answer 200 with JSON.',
    async run({ http }) {
      for (const path of ['/health', '/ready', '/openapi.json']) {
        const { status, json, text } = await http.ask(path);
        must(status === 200 && Object.keys(json).length > 0, {
          expected: `${path}: 200 with JSON`,
          seen: `${status}, ${show(text)}`,
          cause: 'the proxy does not pass this address on, or the server has no Redis',
        });
      }
      return 'all three';
    },
  },
  {
    id: 'request-id',
    promise: 'Every answer has an x-request-id, and an error names the same id in its body.',
    async run({ http }) {
      const [good, bad] = await Promise.all([http.ask('/health'), http.ask('/api/conformance')]);
      for (const { headers } of [good, bad]) {
        must(headers.get('x-request-id') !== null, { expected: 'a header x-request-id', seen: 'none', cause: 'a proxy strips it' });
      }
      const named = bad.json['requestId'];
      must(named === undefined || named === bad.headers.get('x-request-id'), {
        expected: `the id of the body, ${show(named)}`,
        seen: `the id of the header, ${bad.headers.get('x-request-id')}`,
        cause: 'a proxy sets an id of its own on answers; let it send its id with the request instead, the server takes it over',
      });
      return String(bad.headers.get('x-request-id'));
    },
  },
  {
    id: 'cache-headers',
    promise: 'Answers in JSON are private and must be asked for again (private, no-cache); errors are not stored (no-store).',
    async run({ http }) {
      const [good, bad] = await Promise.all([http.ask('/api/jobs?limit=1'), http.ask('/api/conformance')]);
      const said = ({ headers }: typeof good) => headers.get('cache-control') ?? 'no Cache-Control';
      const cause = 'a proxy sets a Cache-Control of its own; if it stores answers, users see old states of their jobs, or those of others';
      must(/private/.test(said(good)) && /no-cache/.test(said(good)), { expected: 'private, no-cache', seen: said(good), cause });
      must(/no-store/.test(said(bad)), { expected: 'no-store on an error', seen: said(bad), cause });
      return `${said(good)}; ${said(bad)}`;
    },
  },
  {
    id: 'cors-preflight',
    promise: 'A page of another origin may send the headers that a client needs, Last-Event-ID and Authorization among them.',
    async run({ http, pageOrigin }) {
      const { status, headers } = await http.ask(SUBMIT, {
        method: 'OPTIONS',
        anonymous: true,
        headers: {
          origin: pageOrigin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': SENT.join(',').toLowerCase(),
        },
      });
      const cause = 'a proxy answers OPTIONS itself, or wants an identity for it; let it pass OPTIONS on as it is';
      must(status >= 200 && status < 300, { expected: 'a status from 200 to 299', seen: String(status), cause });
      const allowed = listed(headers, 'access-control-allow-headers');
      const lacking = SENT.filter((name) => !allowed.includes(name.toLowerCase()));
      must(lacking.length === 0, { expected: `${SENT.join(', ')} are allowed`, seen: `without ${lacking.join(', ')}`, cause });
      const methods = listed(headers, 'access-control-allow-methods');
      must(methods.includes('delete') && methods.includes('post'), { expected: 'POST and DELETE are allowed', seen: show(methods), cause });
      return originIn(headers, pageOrigin);
    },
  },
  {
    id: 'cors-read',
    promise: 'A page of another origin may read answers, and the headers of them that a client needs.',
    async run({ http, pageOrigin }) {
      const { headers } = await http.ask('/api/jobs?limit=1', { headers: { origin: pageOrigin } });
      const exposed = listed(headers, 'access-control-expose-headers');
      const lacking = READ.filter((name) => !exposed.includes(name.toLowerCase()));
      must(lacking.length === 0, {
        expected: `${READ.join(', ')} are exposed`,
        seen: `without ${lacking.join(', ')}`,
        cause: 'a proxy sets headers of CORS of its own; leave them to the server',
      });
      return originIn(headers, pageOrigin);
    },
  },
];

function listed(headers: Headers, name: string): string[] {
  return (headers.get(name) ?? '').split(',').map((word) => word.trim().toLowerCase());
}

function originIn(headers: Headers, pageOrigin: string): string {
  const allowed = headers.get('access-control-allow-origin');
  if (allowed === null) notJudged(`pages of ${pageOrigin} may not call; name one of CORS_ORIGINS by --origin`);
  must(allowed === '*' || allowed === pageOrigin, {
    expected: `Access-Control-Allow-Origin: ${pageOrigin}, or *`,
    seen: allowed,
    cause: 'a proxy adds a second header, or one of its own; leave CORS to the server and set CORS_ORIGINS',
  });
  return `for ${allowed}`;
}
