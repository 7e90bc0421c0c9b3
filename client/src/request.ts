/** Requests to the server: with the token of now, and again where they may have got lost. */
import type { ReadFile } from './files.ts';
import { createGuard, type Guard } from './guard.ts';
import { CONTRACT_VERSION } from './kinds.ts';
import { ApiError, ownError, problemOf, retryAfterMs, unreachable } from './problem.ts';

/** How the server is reached. */
export type WireOptions = {
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
  backoff?: Backoff | undefined;
  /** Takes a warning, one in the life of a client: the server is of an earlier version than the client. `console.warn` by default; false: none. */
  warn?: ((message: string) => void) | false | undefined;
  /** After so long without a word of the server, who waits for a job gets the error `unreachable`, in ms. 300,000 by default. */
  timeoutMs?: number | undefined;
};

/** Pauses between tries, in ms. */
export type Backoff = { firstMs: number; mostMs: number };

/** How a call is made. */
export type CallOptions = {
  /** Ends the call: it rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Headers of this call alone. */
  headers?: Record<string, string> | undefined;
  /** How often it is tried again where there is no answer, or one that says that it passes. 2 by default, 5 for a submission. */
  retries?: number | undefined;
};

/** Sends a request. The path may be one that the server gave, with a query. */
export type Send = (path: string, init?: RequestInit) => Promise<Response>;

/** How the server is reached. After `silenceMs` in silence a stream counts as lost, after `callMs` a call. */
export type Wire = { send: Send; backoff: Backoff; silenceMs: number; callMs: number; onContract?: (version: string | null) => void };

/** How often the server sends a comment unless it is set otherwise, in ms. */
const HEARTBEAT_MS = 15_000;

/** How many heartbeats may be missed, so to say, before a connection counts as dead. */
const PATIENCE = 2.5;

/** How long a call may go without a byte of its answer, in ms. A busy server may need a while. */
const CALL_MS = 30_000;

/** Makes what requests are sent with. */
export function createWire({ baseUrl, token, headers = {}, fetch: given, ...options }: WireOptions): Wire {
  if (baseUrl !== '' && !/^(https?:\/)?\//.test(baseUrl))
    throw new TypeError(`baseUrl must begin with https:// or http://, not ${baseUrl}`);
  const base = baseUrl.replace(/\/+$/, '');
  const send = given ?? ((input, init) => fetch(input, init)); // a browser's fetch wants to be called on its window
  let { warn = (message: string) => console.warn(message) } = options;
  const { heartbeatMs = HEARTBEAT_MS, backoff = { firstMs: 500, mostMs: 20_000 }, timeoutMs = Infinity } = options;
  return {
    backoff,
    silenceMs: Math.min(heartbeatMs * PATIENCE, timeoutMs),
    callMs: Math.min(CALL_MS, timeoutMs),
    onContract(version) {
      if (!warn || !version || !isOlder(version, CONTRACT_VERSION)) return;
      warn(`ai-jobs-client ${CONTRACT_VERSION} is newer than the server (${version})`);
      warn = false;
    },
    async send(path, init = {}) {
      if (!staysAt(base, path)) throw ownError('not_found', 'an address is a path of the server, such as /api/jobs/…', false);
      const secret = typeof token === 'function' ? await token() : token;
      const identity = secret ? { authorization: `Bearer ${secret}` } : {};
      const all = { ...headers, ...identity, ...(init.headers as Record<string, string>) };
      // A redirect is not followed either: `user-id` and other headers would go along. The API never redirects.
      return send(base + path, { ...init, redirect: 'manual', headers: all });
    },
  };
}

/** Whether a version, such as 1.9, is before another one, such as 1.10. */
const isOlder = (one: string, other: string): boolean => one.localeCompare(other, 'en', { numeric: true }) < 0;

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

/** Waits; ends early, with the signal's reason, when that aborts. `isIdle`: it keeps no process of Node alive. */
export function pause(ms: number, signal?: AbortSignal, isIdle = false): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (isIdle) (timer as { unref?(): void }).unref?.();
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

/** A pause before the next try, in ms, at random: so that many clients do not come back at once. */
export function backoffMs(failures: number, { firstMs, mostMs }: { firstMs: number; mostMs: number }): number {
  return Math.random() * Math.min(firstMs * 2 ** failures, mostMs);
}

/** What passes by itself; the same request may succeed then. */
export const isPassing = (status: number): boolean => (status >= 500 ? status !== 501 : status === 429 || status === 408);

/** How long one byte of a request may take on a slow network, in ms. */
const BYTE_MS = 0.1;

/** A request. `bytes`: how large its body is. */
export type RequestOptions = Omit<RequestInit, 'signal' | 'headers'> & CallOptions & { bytes?: number | undefined };

/**
 * Sends a request, and again where it got lost or is refused for a while. Resolves with what `read` makes of the answer; it is read within
 * the same bound.
 * @throws ApiError `unreachable` if there was no answer in all tries, and the signal's reason
 */
export async function request<T>(
  { send, backoff, callMs }: Wire,
  path: string,
  { retries = 2, signal, bytes = 0, ...init }: RequestOptions,
  read: (response: Response, guard: Guard) => Promise<T>,
): Promise<T> {
  for (let failures = 0; ; failures++) {
    const isLast = failures >= retries;
    const guard = createGuard(callMs + BYTE_MS * bytes, signal);
    let asked = 0;
    try {
      const response = await guard.race(send(path, { ...(init as RequestInit), signal: guard.signal }));
      asked = retryAfterMs(response.headers.get('retry-after')) ?? 0;
      // A longer time is for the app to decide on, and for its user to know of.
      if (isLast || asked > backoff.mostMs || !isPassing(response.status)) return await guard.race(read(response, guard));
    } catch (error) {
      if (signal?.aborted || error instanceof ApiError) throw error;
      if (isLast) throw unreachable(error);
    } finally {
      guard.free();
    }
    await pause(Math.max(asked, backoffMs(failures, backoff)), signal);
  }
}

/**
 * What an answer has in it, as JSON.
 * @throws ApiError if it is a refusal
 */
export async function answerOf<T>(response: Response): Promise<T> {
  if (!response.ok) throw new ApiError(await problemOf(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}
