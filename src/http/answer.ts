/** Makes answers: a body, and all headers at once. */
import type { Context } from 'hono';
import type { AppEnv } from './context.ts';

/** Headers by name. Those that are undefined are left out. */
export type Headers = Record<string, string | undefined>;

/**
 * The headers that all answers have unless they say otherwise: only the caller may keep them, and
 * has to ask again each time.
 */
const DEFAULTS = { 'Cache-Control': 'private, no-cache' };

/**
 * Answers a request. To the given headers come those that every answer to this request has
 * (`headers` of the context). They are one plain object, which costs much less than headers that
 * are set one by one and copied.
 */
export function answer(
  c: Context<AppEnv>,
  status: number,
  body: string | ReadableStream | Uint8Array<ArrayBuffer> | null,
  headers: Headers = {},
): Response {
  const all: Record<string, string> = { ...DEFAULTS, ...c.get('headers') };
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) all[name] = value;
  }
  return new Response(body, { status, headers: all });
}

/** Answers with a value as JSON. */
export function answerJson(c: Context<AppEnv>, value: unknown, status = 200, headers: Headers = {}): Response {
  return answer(c, status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers });
}

/** Sets headers of the answer to this request, whatever that answer will be. */
export function setHeaders(c: Context<AppEnv>, headers: Record<string, string>): void {
  Object.assign(c.get('headers'), headers);
}

/**
 * Whether the client has what this entity tag names: its `If-None-Match` lists the tag, or is `*`.
 */
export function isKnown(c: Context, tag: string): boolean {
  const header = c.req.header('if-none-match');
  return header !== undefined && namesTag(header, tag);
}

/** Whether an `If-None-Match` header names this tag, compared weakly (RFC 9110, section 13.1.2). */
function namesTag(header: string, tag: string): boolean {
  const bare = (text: string) => text.trim().replace(/^W\//, '');
  return header.split(',').some((text) => text.trim() === '*' || bare(text) === bare(tag));
}
