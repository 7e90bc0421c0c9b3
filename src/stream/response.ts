/** A feed as an HTTP response: headers, first bytes, and the transport of frames to the client. */
import type { Sink } from './connections.ts';
import type { Following } from './feed.ts';
import { encodeRetry, PADDING } from './sse-encoding.ts';

/** Headers of every event stream. No proxy may store, change or delay it. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no', // nginx
  'X-Content-Type-Options': 'nosniff',
  Incremental: '?1', // draft-ietf-httpbis-incremental, a boolean of RFC 9651: proxies should forward each byte at once
} as const;

/** How long a client waits before it reconnects, in ms, unless a stream has sent another time. */
export const RETRY_MS = 2000;

/**
 * How many bytes may wait for a client that reads too slowly. If more wait, the next frame cuts it
 * off; it can resume.
 */
export const BUFFER_BYTES = 256 * 1024;

/**
 * Starts to write to a sink. Returns the function that stops it, which may be called several times.
 */
export type Begin = (sink: Sink) => () => void;

/**
 * Sends a response that stays open. `head` has its status and headers. What `begin` returns is
 * called when the response is over: the client is gone, or has got its end. A runtime can have a
 * transport of its own that costs less for each frame. `env` is what the runtime gave to the app
 * with the request.
 */
export type Transport = (env: unknown, head: Response, begin: Begin) => Response;

/** The transport for every runtime: a web stream. */
export const webTransport: Transport = (_env, head, begin) => {
  let stop = (): void => {};
  let open = true;
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = begin({
          write(frames) {
            if (!open) return;
            if ((controller.desiredSize ?? 0) > 0) return controller.enqueue(frames);
            open = false;
            stop();
            controller.error(new Error('the client reads too slowly'));
          },
          break() {
            if (open) controller.error(new Error('the stream is interrupted'));
            open = false;
            queueMicrotask(() => stop());
          },
          close() {
            if (open) controller.close();
            open = false;
            queueMicrotask(() => stop()); // the sink may be closed before `begin` has returned
          },
        });
      },
      cancel() {
        open = false;
        stop();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  );
  return new Response(body, head);
};

const encoder = new TextEncoder();

/** The first bytes of every stream: the same bytes for all of them. */
const head = encoder.encode(PADDING + encodeRetry(RETRY_MS));

/**
 * Makes what begins a stream: it sends padding, `opening` frames and the follower's frames to a
 * sink, and returns what stops it.
 */
export function beginStream(following: Following, opening = ''): Begin {
  return (sink) => {
    sink.write(head);
    return beginBare(following, opening)(sink);
  };
}

/** The same without padding, for a protocol in which every byte counts. */
export function beginBare(following: Following, opening: string): Begin {
  return (sink) => {
    if (opening !== '') sink.write(encoder.encode(opening));
    following.feed(sink);
    return following.stop;
  };
}
