/** The headers of answers. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { CONTRACT_VERSION } from './contract-version.ts';
import { JOB_ID } from './examples.ts';

type Header = { description: string; schema: JsonSchema; example: unknown };

/** Describes a header. Without a schema it is a text. */
const header = (description: string, example: unknown, schema: JsonSchema = { type: 'string' }): Header => ({
  description,
  schema,
  example,
});

/** A header that has one value only. */
const constant = (value: string, description: string): Header => header(description, value, { const: value });

const COUNT = { type: 'integer', minimum: 0 };
const ADDRESS = { type: 'string', format: 'uri-reference' };
const JOB_ADDRESS = `/api/jobs/${JOB_ID}`;

/** Every header of an answer that means something to a client, beside those of HTTP itself. */
export const headers = {
  'x-request-id': header(
    'The id of the request: the `X-Request-Id` it came with, or one made here. The logs have it, too.',
    '0f8e1c52-6a0a-4f0e-9f57-0a4f3f0f3a11',
  ),
  Location: header('The address of the job.', JOB_ADDRESS, ADDRESS),
  'Contract-Version': header(
    'The version of this HTTP surface: `info.version` of this document. A client that was made for a later one may lack something here.',
    CONTRACT_VERSION,
  ),
  'Content-Location': header('The address of the job that is in the body.', JOB_ADDRESS, ADDRESS),
  'Retry-After': header('After how many seconds it makes sense to ask again.', 2, COUNT),
  ETag: header('The tag of this state. Send it as `If-None-Match` to learn only of changes.', 'W/"active-1-4"'),
  RateLimit: header(
    'What is left of the limit, and in how many seconds it is whole again (draft-ietf-httpapi-ratelimit-headers).',
    '"submit";r=59;t=60',
  ),
  'RateLimit-Policy': header('The limit: how many requests in how many seconds.', '"submit";q=60;w=60'),
  'Preference-Applied': header('The preference that was followed (RFC 7240).', 'wait=20'),
  'Idempotent-Replayed': constant(
    'true',
    '`true` if the job was there before, made by an earlier request with the same `Idempotency-Key`.',
  ),
  'Job-Reused': constant('true', '`true` if the job was there before, since the same user asked for the same work a short time ago.'),
  'Accept-Ranges': constant('bytes', 'Parts of the file can be asked for with `Range`.'),
  'Content-Range': header('Which bytes are in the body, and how many the file has.', 'bytes 0-1023/48000'),
  'Content-Length': header('The length of the body, in bytes.', 48_000, COUNT),
  'X-Content-Type-Options': constant('nosniff', 'The media type is as it is said.'),
  'X-Accel-Buffering': constant('no', 'nginx does not buffer the stream.'),
  Incremental: constant('?1', 'Proxies should forward each byte at once (draft-ietf-httpbis-incremental).'),
  'x-should-retry': header('`true` if the same request may succeed later; the openai SDK obeys it.', 'false', { enum: ['true', 'false'] }),
  'openai-poll-after-ms': header('After how many ms it makes sense to ask for an unfinished Response again.', 2000, COUNT),
  'WWW-Authenticate': header('How to say who calls (RFC 6750).', 'Bearer'),
  'Content-Security-Policy': header('What the page may load: files of this origin.', "default-src 'self'"),
  'Referrer-Policy': constant('no-referrer', 'The page tells no other page its address.'),
};

/** The name of a header. */
export type HeaderName = keyof typeof headers;

/** References to headers, as an answer lists them. */
export function headersNamed(names: readonly HeaderName[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
