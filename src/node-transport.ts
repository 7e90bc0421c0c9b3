/** Event streams on Node: frames go straight to the response, without a stream object and a promise for each. */
import type { Http2Bindings, HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { BUFFER_BYTES, type Transport } from './stream/response.ts';

/** How long a client may leave bytes unread, in ms, before it is taken for gone: a phone that lost its network sends no FIN. */
const WRITE_DEADLINE_MS = 45_000;

/** Sends over Node's own response, as @hono/node-server hands it along. */
export const nodeTransport: Transport = (env, head, begin) => {
  const { outgoing } = env as HttpBindings;
  outgoing.writeHead(head.status, Object.fromEntries(head.headers));

  /** Judges what waits already: a long history is one write, and no fault of the client's. */
  let stuckSince = 0;
  let backlogThen = 0;
  const isStuck = (): boolean => {
    const now = performance.now();
    const backlog = outgoing.writableLength;
    if (stuckSince === 0 || backlog < backlogThen) stuckSince = now;
    backlogThen = backlog;
    return backlog > BUFFER_BYTES || now - stuckSince > WRITE_DEADLINE_MS;
  };

  const stop = begin({
    write(frames) {
      if (outgoing.writableLength > 0 && isStuck()) {
        outgoing.destroy(); // cut off, not ended: an end would have to wait for the client too
        return;
      }
      outgoing.write(frames);
    },
    close: () => outgoing.end(),
  });
  // FIN, RST and our own cut all close the response; a client may also be gone before we came here.
  if (outgoing.destroyed) stop();
  else outgoing.once('close', stop);
  return head;
};

type Bindings = HttpBindings | Http2Bindings;
type Fetch = (request: Request, env: Bindings) => Response | Promise<Response>;

/** Serves an app whose streams go over {@link nodeTransport}: what that has begun to send is not sent again. */
export function withNodeTransport(fetch: Fetch): (request: Request, env: Bindings) => Promise<Response> {
  return async (request, env) => {
    const response = await fetch(request, env);
    return env.outgoing.headersSent ? RESPONSE_ALREADY_SENT : response;
  };
}
