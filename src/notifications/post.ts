/**
 * Posts to a server that a user has named: to allowed addresses only,
 * without redirects, within a time, and without reading what it answers.
 */
import http from 'node:http';
import https from 'node:https';
import { type BlockList, connect, isIP, type LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { readRetryAfter } from '../job/retry-after.ts';
import { UNTRUSTED } from '../store/store-tls.ts';
import { hostOf } from './public-addresses.ts';
import type { ResolveName } from './resolve-name.ts';

/** What is posted. */
export type PostRequest = { url: string; headers: Record<string, string>; body: string };

/**
 * What it is posted under. `timeoutMs`: how long it may take,
 * from the look-up of the name to the status.
 */
export type PostRules = { blockList: BlockList; resolveName: ResolveName; timeoutMs: number; signal: AbortSignal };

/** Why there was no answer. */
export type PostFailure =
  | 'address_not_public'
  | 'name_not_found'
  | 'connection_failed'
  | 'certificate_invalid'
  | 'tls_failed'
  | 'timed_out'
  | 'answer_invalid'
  | 'stopped';

/** The result. `retryAfterMs`: how long the answer asks to wait (RFC 9110, section 10.2.3). */
export type PostResult = { type: 'answered'; status: number; retryAfterMs?: number | undefined } | { type: 'failed'; code: PostFailure };

/**
 * Posts. Each call makes a connection of its own: with one that
 * is kept, an address would be checked long before it is used.
 */
export function post({ url: text, headers, body }: PostRequest, rules: PostRules): Promise<PostResult> {
  const url = new URL(text);
  const { timeoutMs, signal } = rules;
  const over = new AbortController();
  return new Promise((resolve) => {
    const library = url.protocol === 'https:' ? https : http;
    const request = library.request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      // without an agent: one that is made for `agent: false` would connect by itself
      createConnection(_options, done) {
        open(url, rules, over.signal, done);
        return undefined;
      },
    });
    const settle = (posted: PostResult): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(posted);
      over.abort();
      request.destroy(); // nobody reads the answer's body, which may have no end
    };
    const stop = (): void => settle({ type: 'failed', code: 'stopped' });
    const timer = setTimeout(() => settle({ type: 'failed', code: 'timed_out' }), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    request.on('error', (error) => settle({ type: 'failed', code: failureOf(error) }));
    request.on('response', ({ statusCode = 0, headers: answered }) =>
      settle({ type: 'answered', status: statusCode, retryAfterMs: readRetryAfter(answered) }),
    );
    request.on('upgrade', () => settle({ type: 'answered', status: 101 }));
    if (signal.aborted) stop();
    else request.end(body);
  });
}

/**
 * Opens the connection, and breaks it off when the signal aborts, with the look-up
 * of the name. The block list has to be the socket's, which asks it for each address
 * that it connects to: as an option of a request it does nothing over TLS. TLS
 * begins once there is a connection: a socket that goes on to a name's next address
 * changes its handle, and TLS that has taken the first one brings down the process.
 */
function open(
  url: URL,
  { blockList, resolveName }: PostRules,
  signal: AbortSignal,
  done: (error: Error | null, socket: Duplex) => void,
): void {
  const host = hostOf(url);
  const secure = url.protocol === 'https:';
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const lookup: LookupFunction = (name, { all }, found) => {
    resolveName(name, signal).then(
      (addresses) => (all === true ? found(null, addresses) : found(null, addresses[0]?.address ?? '', addresses[0]?.family)),
      (error: Error) => found(error, ''),
    );
  };
  const socket = connect({ host, port, blockList, lookup, signal });
  socket.on('error', (error) => done(error, socket));
  socket.once('connect', () => {
    const named = isIP(host) === 0;
    done(null, secure ? tls.connect({ socket, host, ...(named && { servername: host }), ALPNProtocols: ['http/1.1'] }) : socket);
  });
}

/**
 * Codes of Node's errors. Several addresses of a name that
 * were tried make one error with all of theirs in it.
 */
function codesOf(error: unknown): string[] {
  const { code, errors = [] } = error as { code?: unknown; errors?: unknown[] };
  return [...(typeof code === 'string' ? [code] : []), ...errors.flatMap(codesOf)];
}

/** What each beginning of a code means; the first that fits counts. */
const FAILURES: readonly [beginning: RegExp, failure: PostFailure][] = [
  [/^ERR_IP_BLOCKED$/, 'address_not_public'],
  [/^(ENOTFOUND|EAI_)/, 'name_not_found'],
  [UNTRUSTED, 'certificate_invalid'],
  [/^(ERR_TLS_|ERR_SSL_|EPROTO$)/, 'tls_failed'],
  [/^HPE_/, 'answer_invalid'],
];

function failureOf(error: unknown): PostFailure {
  const codes = codesOf(error);
  return FAILURES.find(([beginning]) => codes.some((code) => beginning.test(code)))?.[1] ?? 'connection_failed';
}
