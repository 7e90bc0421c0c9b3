/** Requests to the server: with the token of now, and again with the same key where a submission may have got lost. */
import type { ReadFile } from './files.ts';
import { ApiError, problemOf } from './problem.ts';

/** What a client is made with. */
export type ClientOptions = {
  /** Where the server is, such as `https://api.example.com`; '' for the page's own. */
  baseUrl: string;
  /** The access token of the user's session, or a function that gets it. It is asked anew for every request and connection. */
  token?: string | (() => string | undefined | Promise<string | undefined>) | undefined;
  /** Other headers of every request, such as `user-id` where no token is needed. */
  headers?: Record<string, string> | undefined;
  /** The platform's fetch by default. In React Native give that of `expo/fetch`, which streams. */
  fetch?: typeof fetch | undefined;
  /** Reads a file that is given by its `uri`. By default React Native's own fetch does, and a browser's. */
  readFile?: ReadFile | undefined;
  /** How often the server sends at least a comment, in ms; its SSE_HEARTBEAT_MS. After 2.5 times that in silence a connection counts as dead. */
  heartbeatMs?: number | undefined;
  /** Pauses between tries, in ms: the first, which doubles, and the longest. Each is taken at random up to that. */
  backoff?: { firstMs: number; mostMs: number } | undefined;
};

/** Sends a request. The path may be one that the server gave, with a query. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** Makes the function that sends. */
export function createSend({ baseUrl, token, headers = {}, fetch: given }: ClientOptions): Send {
  if (baseUrl !== '' && !/^(https?:\/)?\//.test(baseUrl))
    throw new TypeError(`baseUrl must begin with https:// or http://, not ${baseUrl}`);
  const base = baseUrl.replace(/\/+$/, '');
  const send = given ?? ((input, init) => fetch(input, init)); // a browser's fetch wants to be called on its window
  return async (path, init = {}) => {
    if (!staysAt(base, path)) throw new TypeError('an address of a job is a path of the server, such as /api/jobs/…');
    const secret = typeof token === 'function' ? await token() : token;
    const identity = secret ? { authorization: `Bearer ${secret}` } : {};
    const all = { ...headers, ...identity, ...(init.headers as Record<string, string>) };
    // A redirect is not followed either: `user-id` and other headers would go along. The API never redirects.
    return send(base + path, { ...init, redirect: 'manual', headers: all });
  };
}

/**
 * Whether an address that an answer gave, or an app kept, leads to the server of `base`, below its path. It compares what both are parsed
 * to, as fetch parses them (URL Standard): tabs and line breaks vanish, and a backslash is a slash. Otherwise the token would go to the
 * server that the address names. The whole `href` is compared, because not every React Native has `origin`.
 */
function staysAt(base: string, path: string): boolean {
  const own = hrefOf(`${base}/`);
  return path.startsWith('/') && own !== undefined && (hrefOf(base + path)?.startsWith(own) ?? false);
}

/** What fetch parses an address to: in a page a relative one is the page's own. Undefined if it is none. */
function hrefOf(address: string): string | undefined {
  const { document, location } = globalThis as { document?: { baseURI: string }; location?: { href: string } };
  try {
    return new URL(address, document?.baseURI ?? location?.href ?? 'http://localhost').href;
  } catch {
    return undefined;
  }
}

/** Waits; ends early, with the signal's reason, when that aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

/** A pause before the next try, in ms, at random: so that many clients do not come back at once. */
export function backoffMs(failures: number, { firstMs, mostMs }: { firstMs: number; mostMs: number }): number {
  return Math.random() * Math.min(firstMs * 2 ** failures, mostMs);
}

/** How often a submission is tried. */
const TRIES = 6;

/** What passes by itself; the same request may succeed then. */
const isPassing = (status: number): boolean => (status >= 500 ? status !== 501 : status === 429);

/**
 * Submits under an idempotency key: however often it is sent, it is one job.
 * @throws ApiError if it is refused; what fetch throws, if the server was not reached in all tries
 */
export async function submitOnce(
  send: Send,
  path: string,
  init: RequestInit,
  { backoff, key = newKey() }: { backoff: { firstMs: number; mostMs: number }; key?: string | undefined },
): Promise<unknown> {
  const headers = { 'idempotency-key': key, ...(init.headers as Record<string, string>) };
  for (let failures = 0; ; failures++) {
    const isLast = failures + 1 >= TRIES;
    const response = await send(path, { ...init, method: 'POST', headers }).catch((error: unknown) => {
      if (isLast) throw error;
    });
    if (response?.ok) return response.json();
    const asked = 1000 * Number(response?.headers.get('retry-after') ?? 0);
    // A longer time is for the app to decide on, and for its user to know of.
    if (response && (isLast || asked > backoff.mostMs || !isPassing(response.status))) throw new ApiError(await problemOf(response));
    await pause(Math.max(asked, backoffMs(failures, backoff)));
  }
}

/**
 * 128 random bits. The key tells requests of one user apart and is no secret, so where there is no `crypto`, as in React Native,
 * any random numbers do. `crypto.randomUUID` is not there on an address without HTTPS.
 */
function newKey(): string {
  const { crypto } = globalThis as { crypto?: typeof globalThis.crypto | undefined };
  const bytes = new Uint8Array(16);
  if (crypto) crypto.getRandomValues(bytes);
  else bytes.forEach((_, n) => (bytes[n] = Math.floor(Math.random() * 256)));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
