/**
 * A POST over HTTP whose answer streams. It knows no vendor. `fetch` can do the same, but its web
 * streams and its parser in WebAssembly take three times the CPU of node:http.
 */
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';
import { urlToHttpOptions } from 'node:url';
import { constants, createBrotliDecompress, createUnzip } from 'node:zlib';

/**
 * Posts a body and resolves with the answer from its first byte on, whatever its status is. An
 * abort of the signal closes the connection.
 * @throws what the connection throws; the signal's reason if that aborts before the answer
 */
export type StreamedPost = (body: string, signal: AbortSignal) => Promise<StreamedAnswer>;

/**
 * How long an unused connection is kept, in ms. Many servers close theirs after 5 s. Ours has to
 * close first, because a request on a connection that the server is closing fails.
 */
const IDLE_MS = 4000;

/** How long a connection may take to open, in ms. */
const CONNECT_MS = 10_000;

/** How long the rest of an answer that is over is waited for, so that its connection is kept, in ms. */
const REST_MS = 100;

/**
 * A connection whose answer was held up for so long by its reader is not kept, in ms: the server may
 * have ended the answer long ago, and closes the connection sooner than is known here.
 */
const HELD_UP_MS = 500;

/** How many redirects are followed. */
const MAX_REDIRECTS = 5;

/** Node names the proxy for its own agents, where there is one (NODE_USE_ENV_PROXY). */
const { proxyEnv } = https.globalAgent.options;

const pooled = { keepAlive: true, scheduling: 'lifo', timeout: IDLE_MS, ...(proxyEnv && { proxyEnv }) } as const;

/** The connections of this process. */
const agents = { http: new http.Agent(pooled), https: new https.Agent(pooled) };

/** Makes the function that posts to an address with these headers. Both are taken apart only once. */
export function createStreamedPost(url: string, headers: Readonly<Record<string, string>>): StreamedPost {
  const first = toTarget(new URL(url), headers);
  return async (body, signal) => {
    let target = first;
    for (let followed = 0; ; followed++) {
      const answer = await send(target, body, signal);
      const next = followed < MAX_REDIRECTS ? redirectOf(answer, target) : undefined;
      if (!next) return answer;
      answer.close();
      target = next;
    }
  };
}

/** Where a request goes, and with what. */
type Target = { url: URL; headers: Readonly<Record<string, string>>; options: RequestOptions };

function toTarget(url: URL, headers: Readonly<Record<string, string>>): Target {
  const { hostname, port, path } = urlToHttpOptions(url);
  const agent = url.protocol === 'https:' ? agents.https : agents.http;
  return { url, headers, options: { method: 'POST', hostname, port, path, headers, agent } };
}

/**
 * Where a redirect leads that asks for the same request once more. As with `fetch`, no other origin
 * gets the key.
 */
function redirectOf({ status, location }: StreamedAnswer, { url, headers }: Target): Target | undefined {
  if ((status !== 307 && status !== 308) || location === undefined || !URL.canParse(location, url.href)) return undefined;
  const next = new URL(location, url);
  if (!/^https?:$/.test(next.protocol)) return undefined;
  const { authorization: _, ...others } = headers;
  return toTarget(next, next.origin === url.origin ? headers : others);
}

function send({ url, options }: Target, body: string, signal: AbortSignal): Promise<StreamedAnswer> {
  const isSecure = url.protocol === 'https:';
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = (isSecure ? https : http).request(options);
    const stop = (): void => void request.destroy(signal.reason as Error);
    let isAnswered = false;
    signal.addEventListener('abort', stop);
    request.once('socket', (socket: Socket) => {
      if (socket.connecting) limitConnecting(request, socket, isSecure ? 'secureConnect' : 'connect');
    });
    request.once('response', (response: IncomingMessage) => {
      isAnswered = true;
      resolve(new StreamedAnswer(request, response));
    });
    request.on('error', reject); // an error after the answer has begun is the body's, too
    request.once('close', () => {
      signal.removeEventListener('abort', stop);
      if (!isAnswered) reject(new Error('the connection closed without an answer'));
    });
    request.end(body);
  });
}

function limitConnecting(request: ClientRequest, socket: Socket, opened: 'connect' | 'secureConnect'): void {
  const timer = setTimeout(() => request.destroy(new Error('the connection did not open in time')), CONNECT_MS);
  const end = (): void => clearTimeout(timer);
  socket.once(opened, end).once('close', end);
}

/** An answer from its head on. Its holder reads the body, or closes it. */
export class StreamedAnswer {
  readonly #request: ClientRequest;
  readonly #response: IncomingMessage;
  readonly #body: Readable;
  #isOver = false;
  #isClosed = false;
  /** When the reader got what it has now, the head at first; Infinity while it waits for a piece. */
  #givenAt = performance.now();

  constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.#response = response;
    this.#body = decoded(response);
    this.#body.on('error', () => {}); // whoever reads gets it
  }

  get status(): number {
    return this.#response.statusCode ?? 0;
  }

  /** The type of its body; '' if it says none. */
  get contentType(): string {
    return this.#response.headers['content-type'] ?? '';
  }

  /** Where a redirect leads. */
  get location(): string | undefined {
    return this.#response.headers.location;
  }

  /** All headers, made anew at each call. */
  headers(): Headers {
    const { rawHeaders } = this.#response;
    return new Headers(rawHeaders.flatMap((name, n) => (n % 2 === 0 ? [[name, rawHeaders[n + 1] ?? ''] as [string, string]] : [])));
  }

  /**
   * The text of the body, as it comes. Whoever stops reading has to close the answer.
   * @throws what the connection throws, also if it ends within the body
   */
  texts(): AsyncIterable<string> {
    const pieces = this.#body.setEncoding('utf8').iterator({ destroyOnReturn: false }) as AsyncIterator<string>;
    const next = async (): Promise<IteratorResult<string>> => {
      this.#noteHold();
      const piece = await pieces.next();
      this.#givenAt = performance.now();
      return piece;
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: async () => (await pieces.return?.()) ?? { done: true, value: undefined } }) };
  }

  #noteHold(): void {
    if (performance.now() - this.#givenAt > HELD_UP_MS) this.#request.shouldKeepAlive = false;
    this.#givenAt = Infinity;
  }

  /** The text of the body, of which no more is read once it has so many characters. */
  async startOfText(length: number): Promise<string> {
    let text = '';
    for await (const piece of this.texts()) {
      text += piece;
      if (text.length >= length) break;
    }
    this.close();
    return text;
  }

  /**
   * Says that what comes from now on is only the end of the
   * body, so that the connection is worth to be kept.
   */
  over(): void {
    this.#isOver = true;
  }

  /**
   * Ends the reading. The connection is closed, unless the body has ended, or is over and ends at
   * once.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#noteHold();
    if (!this.#isOver && !this.#response.readableEnded) return this.#destroy();
    this.#body.resume();
    if (this.#response.complete) return;
    const timer = setTimeout(() => this.#destroy(), REST_MS);
    this.#response.once('close', () => clearTimeout(timer));
  }

  #destroy(): void {
    this.#request.destroy();
    this.#body.destroy();
  }
}

/** The body without its content coding. It is not asked for any, but some proxies encode all the same. */
function decoded(response: IncomingMessage): Readable {
  const coding = response.headers['content-encoding']?.trim().toLowerCase();
  if (coding === undefined) return response;
  if (/^(?:x-)?gzip$|^deflate$/.test(coding)) return pipeline(response, createUnzip({ flush: constants.Z_SYNC_FLUSH }), () => {});
  if (coding === 'br') return pipeline(response, createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH }), () => {});
  return response;
}
