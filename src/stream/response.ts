/** A feed as HTTP: the headers of an event stream, and a web stream that takes a follower's frames. */
import type { Following } from './feed.ts';
import { encodeRetry, PADDING } from './frames.ts';

/** Headers of every event stream: nothing between us and the client may store, change or hold it back. */
export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no', // nginx
  'X-Content-Type-Options': 'nosniff',
  Incremental: '?1', // RFC 9651 boolean of draft-ietf-httpbis-incremental: proxies are to forward as it comes
} as const;

/** How long a client waits before it reconnects, in ms, where nothing else was said. */
const RETRY_MS = 2000;

/** How much may wait for a client that does not read, in bytes, before it is cut off; it resumes when it can. */
const BUFFER_BYTES = 1024 * 1024;

const encoder = new TextEncoder();

/** Answers with a follower's frames, from padding to end. The client going away stops the following, nothing else. */
export function streamResponse(following: Following, headers: Record<string, string> = {}): Response {
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let open = true;
        controller.enqueue(encoder.encode(PADDING + encodeRetry(RETRY_MS)));
        following.feed({
          write(frames) {
            if (!open) return;
            controller.enqueue(encoder.encode(frames));
            if ((controller.desiredSize ?? 0) > 0) return;
            open = false;
            following.stop();
            controller.error(new Error('the client reads too slowly'));
          },
          close() {
            if (open) controller.close();
            open = false;
          },
        });
      },
      cancel() {
        following.stop();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFER_BYTES }),
  );
  return new Response(body, { headers: { ...STREAM_HEADERS, ...headers } });
}

/**
 * A stream that says only: come back in a moment. EventSource gives up for ever on any status but 200, so
 * what passes by itself must not look like an error to it.
 */
export function comeBackResponse(retryMs: number): Response {
  return new Response(encodeRetry(retryMs), { headers: STREAM_HEADERS });
}
