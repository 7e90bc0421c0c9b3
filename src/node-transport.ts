/**
 * Streams and files on Node: they go straight to the response,
 * without a stream object, and a promise for each frame.
 */
import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { once } from 'node:events';
import type { SendFile } from './http/send-file.ts';
import type { Sink } from './stream/connections.ts';
import { BUFFER_BYTES, type Transport } from './stream/response.ts';
import type { UnsentCount } from './unsent.ts';
import { hasAcknowledged, watchAcknowledgements } from './vanished-clients.ts';

/** How long a client may take nothing of what it was sent, and how often that is checked, in ms. */
export type Patience = { deadlineMs: number; everyMs: number };

const PATIENCE: Patience = { deadlineMs: 45_000, everyMs: 15_000 };

/**
 * Makes the transport over Node's own response, as @hono/node-server hands it along. What stays for
 * an idle follower is the response and what is captured here: nothing of the request that is over.
 */
export function createNodeTransport(patience = PATIENCE, unsent?: UnsentCount): Transport {
  const asChunk = createChunker();
  const watch = watchAcknowledgements(patience);
  return (env, head, begin) => {
    const { outgoing } = env as HttpBindings;
    outgoing.writeHead(head.status, Object.fromEntries(head.headers));
    const sink = createSink(outgoing, asChunk, patience.deadlineMs);
    const stop = begin(unsent ? counted(sink, outgoing, unsent) : sink);
    if (outgoing.socket) watch(outgoing.socket);
    // FIN, RST and our own cut all close the response; a client may also be gone before we came here.
    if (outgoing.destroyed) stop();
    else outgoing.once('close', stop);
    return head;
  };
}

/** A sink of which it is counted what waits. */
function counted(sink: Sink, outgoing: HttpBindings['outgoing'], unsent: UnsentCount): Sink {
  return {
    ...sink,
    write(frames) {
      sink.write(frames);
      unsent.count(outgoing);
    },
  };
}

/**
 * Makes the way of files over Node's own response: each piece
 * is read when the client has taken the one before.
 */
export function createNodeFiles(unsent: UnsentCount): SendFile {
  return (env, head, pieces, onError) => {
    const { outgoing } = env as HttpBindings;
    outgoing.writeHead(head.status, Object.fromEntries(head.headers));
    sendPieces(outgoing, pieces, unsent).catch((error: unknown) => {
      onError(error);
      outgoing.destroy(); // its length was announced
    });
    return head;
  };
}

async function sendPieces(outgoing: HttpBindings['outgoing'], pieces: AsyncIterable<Uint8Array>, unsent: UnsentCount): Promise<void> {
  const closed = once(outgoing, 'close').catch(() => {});
  for await (const piece of pieces) {
    if (outgoing.destroyed) return;
    const isTaken = outgoing.write(piece);
    unsent.count(outgoing);
    if (!isTaken) await Promise.race([once(outgoing, 'drain'), closed]);
  }
  outgoing.end();
}

function createSink(outgoing: HttpBindings['outgoing'], asChunk: (frames: Uint8Array) => Buffer, deadlineMs: number): Sink {
  let begun = false;
  let isCut = false;
  const { socket: connection } = outgoing; // the response gives it up at its end
  let stuckSince = 0;
  let backlogThen = 0;
  /** Judges what waits already: a long history is one write, and no fault of the client's. */
  const isStuck = (backlog: number): boolean => {
    const now = performance.now();
    if (stuckSince === 0 || backlog < backlogThen) stuckSince = now;
    backlogThen = backlog;
    return backlog > BUFFER_BYTES || now - stuckSince > deadlineMs;
  };
  return {
    write(frames) {
      const backlog = outgoing.writableLength;
      if (backlog === 0) stuckSince = 0;
      else if (isStuck(backlog)) {
        isCut = true;
        outgoing.destroy(); // cut off, not ended: an end would have to wait for the client too
        return;
      }
      // Once the head is out and the response holds nothing back, a chunk goes to the socket as one buffer.
      const { socket } = outgoing;
      if (begun && socket && outgoing.chunkedEncoding && backlog === socket.writableLength) socket.write(asChunk(frames));
      else outgoing.write(frames);
      begun = true;
    },
    close: () => outgoing.end(),
    break: () => outgoing.destroy(),
    taken: async () => !connection || hasAcknowledged(connection),
    isCut: () => isCut,
  };
}

/**
 * Makes chunks of HTTP/1.1 (RFC 9112, section 7.1), once for
 * all followers who are due the same frames.
 */
function createChunker(): (frames: Uint8Array) => Buffer {
  let last: { frames: Uint8Array; chunk: Buffer } | undefined;
  return (frames) => {
    if (last?.frames !== frames) {
      last = { frames, chunk: Buffer.concat([Buffer.from(`${frames.byteLength.toString(16)}\r\n`), frames, Buffer.from('\r\n')]) };
    }
    return last.chunk;
  };
}

type Bindings = HttpBindings | Http2Bindings;
/** An app as a server calls it. */
export type Fetch = (request: Request, env: Bindings) => Response | Promise<Response>;

/**
 * Serves an app whose streams go over {@link createNodeTransport}: what
 * that has begun to send is not sent again. `unsent` counts all answers.
 */
export function withNodeTransport(fetch: Fetch, unsent?: UnsentCount): (request: Request, env: Bindings) => Promise<Response> {
  return async (request, env) => {
    const { outgoing } = env as HttpBindings;
    if (unsent) outgoing.once('prefinish', () => unsent.count(outgoing)); // all of it was written, by whomever
    const response = await fetch(request, env);
    return env.outgoing.headersSent ? RESPONSE_ALREADY_SENT : response;
  };
}
