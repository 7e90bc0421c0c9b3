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
  let stuckSince = 0;

  const stop = begin({
    write(frames) {
      if (outgoing.write(frames)) {
        stuckSince = 0;
        return;
      }
      const now = performance.now();
      stuckSince ||= now;
      // Cut off, not ended: an end would have to wait for the client too.
      if (outgoing.writableLength > BUFFER_BYTES || now - stuckSince > WRITE_DEADLINE_MS) outgoing.destroy();
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
