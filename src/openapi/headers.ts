/** The headers of answers. */
import type { JsonSchema } from '../kinds/public-schema.ts';

type Header = { description: string; schema: JsonSchema; example: unknown };

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };

/** Every header of an answer that means something to a client, beside those of HTTP itself. */
export const headers = {
  'x-request-id': {
    description: 'The id of the request: the `X-Request-Id` it came with, or one made here. The logs have it, too.',
    schema: text,
    example: '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11',
  },
  Location: {
    description: 'The address of the job.',
    schema: { type: 'string', format: 'uri-reference' },
    example: '/api/jobs/generate-flashcards-z51ffWz8IhCzPZbF0LeAw74ZQm3xT0aB',
  },
  'Content-Location': {
    description: 'The address of the job that is in the body.',
    schema: { type: 'string', format: 'uri-reference' },
    example: '/api/jobs/generate-flashcards-z51ffWz8IhCzPZbF0LeAw74ZQm3xT0aB',
  },
  'Retry-After': { description: 'After how many seconds it makes sense to ask again.', schema: count, example: 2 },
  ETag: {
    description: 'The tag of this state. Send it as `If-None-Match` to learn only of changes.',
    schema: text,
    example: 'W/"active-1-4"',
  },
  RateLimit: {
    description: 'What is left of the limit, and in how many seconds it is whole again (draft-ietf-httpapi-ratelimit-headers).',
    schema: text,
    example: '"submit";r=59;t=60',
  },
  'RateLimit-Policy': { description: 'The limit: how many requests in how many seconds.', schema: text, example: '"submit";q=60;w=60' },
  'Preference-Applied': { description: 'The preference that was followed (RFC 7240).', schema: text, example: 'wait=20' },
  'Idempotent-Replayed': {
    description: '`true` if the job was there before, made by an earlier request with the same `Idempotency-Key`.',
    schema: { const: 'true' },
    example: 'true',
  },
  'Job-Reused': {
    description: '`true` if the job was there before, since the same user asked for the same work a short time ago.',
    schema: { const: 'true' },
    example: 'true',
  },
  'Accept-Ranges': { description: 'Parts of the file can be asked for with `Range`.', schema: { const: 'bytes' }, example: 'bytes' },
  'Content-Range': {
    description: 'Which bytes are in the body, and how many the file has.',
    schema: text,
    example: 'bytes 0-1023/48000',
  },
  'Content-Length': { description: 'The length of the body, in bytes.', schema: count, example: 48_000 },
  'X-Content-Type-Options': { description: 'The media type is as it is said.', schema: { const: 'nosniff' }, example: 'nosniff' },
  'X-Accel-Buffering': { description: 'nginx does not buffer the stream.', schema: { const: 'no' }, example: 'no' },
  Incremental: {
    description: 'Proxies should forward each byte at once (draft-ietf-httpbis-incremental).',
    schema: { const: '?1' },
    example: '?1',
  },
  'WWW-Authenticate': { description: 'How to say who calls (RFC 6750).', schema: text, example: 'Bearer' },
  'Content-Security-Policy': { description: 'What the page may load: files of this origin.', schema: text, example: "default-src 'self'" },
  'Referrer-Policy': { description: 'The page tells no other page its address.', schema: { const: 'no-referrer' }, example: 'no-referrer' },
} as const satisfies Record<string, Header>;

/** The name of a header. */
export type HeaderName = keyof typeof headers;

/** References to headers, as an answer lists them. */
export function headersNamed(names: readonly HeaderName[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
