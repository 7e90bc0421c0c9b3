/**
 * The HTTP server of the API on Node: what it does for a
 * request before the app gets it, and how bodies get there.
 */
import type { Server } from 'node:http';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import type { PullBody } from './http/body.ts';
import type { AppDeps } from './http/app-deps.ts';
import type { Share } from './http/shares.ts';
import { JoinedMessage } from './joined-message.ts';
import { createNodeFiles, createNodeTransport, type Fetch, withNodeTransport } from './node-transport.ts';
import { UnsentCount } from './unsent.ts';
import { watchAcknowledgements } from './vanished-clients.ts';

/** How long the head of a request may take, in ms. */
const HEAD_MS = 60_000;

/**
 * How long a connection may be idle between two requests, in ms: longer than the minute
 * after which most proxies and balancers give one up. With Node's own 5 s they send a
 * request into a connection that is just being closed, and their client gets a 502.
 */
const IDLE_MS = 65_000;

/** How requests and answers of the app travel on Node, and what makes a server of the app. */
export type NodeHttp = Pick<AppDeps, 'transport' | 'sendFile' | 'pullBody' | 'countFor' | 'stallMs'> & {
  createServer: (fetch: Fetch) => Server;
};

/**
 * Makes it. `answers`: what all that waits for clients counts
 * for. `stallMs`: how long a client may take nothing, in ms.
 */
export function createNodeHttp(answers: Share, stallMs: number): NodeHttp {
  const unsent = new UnsentCount(answers, watchAcknowledgements({ deadlineMs: stallMs, everyMs: stallMs / 6 }));
  return {
    transport: createNodeTransport(undefined, unsent),
    sendFile: createNodeFiles(unsent),
    pullBody: pullFromIncoming,
    countFor: (env, holder) => unsent.countFor((env as HttpBindings).outgoing, holder),
    stallMs,
    createServer: (fetch) => createNodeServer(fetch, unsent),
  };
}

/**
 * Makes a server of an app. How long a body may take is the app's to say:
 * a slow phone sends for minutes, and must not be cut off while it does.
 */
export function createNodeServer(fetch: Fetch, unsent?: UnsentCount): Server {
  return createAdaptorServer({
    fetch: withNodeTransport(fetch, unsent),
    hostname: 'localhost',
    serverOptions: { IncomingMessage: JoinedMessage, requestTimeout: 0, headersTimeout: HEAD_MS, keepAliveTimeout: IDLE_MS },
  }) as Server;
}

/**
 * Takes the pieces of a body from Node's own request: a web
 * stream would cost more than most submissions do.
 */
export const pullFromIncoming: PullBody = (env, _request, take) => {
  const { incoming } = env as HttpBindings;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = 0;
  const onData = (piece: Buffer): void => {
    received += piece.byteLength;
    take(piece);
  };
  const settle = (error?: Error): void => {
    incoming.off('data', onData).off('end', settle).off('error', onGone).off('close', onGone);
    if (error) reject(error);
    else resolve();
  };
  /** The client is gone. It may have sent everything before, and what waits here is still good. */
  const onGone = (): void => {
    if (incoming.complete) for (let piece: unknown; (piece = incoming.read()) !== null;) onData(piece as Buffer);
    const announced = incoming.headers['content-length'];
    const isWhole = incoming.complete && (announced === undefined || Number(announced) === received);
    settle(isWhole ? undefined : (incoming.errored ?? new Error('the client is gone')));
  };
  if (incoming.destroyed) onGone();
  else incoming.on('data', onData).on('end', settle).on('error', onGone).on('close', onGone);
  return { ended: promise, stop: () => settle() };
};
