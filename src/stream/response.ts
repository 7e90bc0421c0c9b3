/** A feed as HTTP: the headers of an event stream, its first bytes, and the way that frames take to the client. */
import type { Sink } from './connections.ts';
import type { Following } from './feed.ts';
import { encodeRetry, PADDING } from './sse-encoding.ts';

/** Headers of every event stream: nothing between us and the client may store, change or hold it back. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no', // nginx
  'X-Content-Type-Options': 'nosniff',
  Incremental: '?1', // RFC 9651 boolean of draft-ietf-httpbis-incremental: proxies are to forward as it comes
} as const;

/** How long a client waits before it reconnects, in ms, where nothing else was said. */
export const RETRY_MS = 2000;

/** How much may wait for a client that does not read, in bytes, before the next frame cuts it off; it resumes when it can. */
export const BUFFER_BYTES = 256 * 1024;

/**
 * Sends an open-ended response. `head` has its status and headers, `begin` starts writing to a sink and returns
 * what stops it, which is called once the client is gone. A runtime may have a way of its own, with less
 * between a frame and the socket; `env` is what it gave to the app along with the request.
 */
export type Transport = (env: unknown, head: Response, begin: (sink: Sink) => () => void) => Response;

/** Sends over a web stream, which every runtime has. */
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
          close() {
            if (open) controller.close();
            open = false;
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

/** Feeds a follower's frames to a sink, after the padding and `opening` frames; returns what stops it. */
export function beginStream(following: Following, opening = ''): (sink: Sink) => () => void {
  return (sink) => {
    sink.write(encoder.encode(PADDING + encodeRetry(RETRY_MS) + opening));
    following.feed(sink);
    return following.stop;
  };
}
