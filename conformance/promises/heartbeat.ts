/** The promise that takes longest to prove: nothing on the way closes a quiet stream. */
import { broken, type Check, notJudged } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { isPing, openStream } from '../stream.ts';
import { startsSoon } from './live.ts';

/** How many heartbeats two comments may take. */
const HEARTBEATS = 2.5;

/** The check of this group. */
export const heartbeat: Check<Deployment>[] = [
  {
    id: 'heartbeat',
    promise: 'A quiet stream stays open, and gets a comment with every heartbeat.',
    async run({ http, heartbeatMs, say }) {
      const patienceMs = HEARTBEATS * heartbeatMs;
      const stream = openStream(http, '/api/events');
      if (!(await startsSoon(stream, http, () => stream.frames.length > 0))) notJudged('the stream did not start: see stream-unbuffered');
      say(`waiting for two heartbeats, ${patienceMs / 1000} s at most`);
      const start = performance.now();
      const pings = () => stream.frames.filter(isPing).length;
      const came = await stream.until(() => pings() >= 2, patienceMs);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const closed = stream.closed();
      stream.leave();
      if (came) return `2 comments in ${seconds} s`;
      if (closed === 'closed' && stream.frames.at(-1)?.type === 'retry' && stream.frames.length > 2)
        notJudged('the server let its clients go meanwhile, as it does when it stops');
      return broken({
        expected: `2 comments within ${patienceMs / 1000} s`,
        seen: closed ? `the stream was ${closed} after ${seconds} s, with ${pings()}` : `${pings()}`,
        cause: closed
          ? 'a proxy cuts quiet connections; its idle or read timeout must be longer than SSE_HEARTBEAT_MS'
          : 'a proxy takes comments out of streams; or SSE_HEARTBEAT_MS is not the default: say it by --heartbeat, in seconds',
      });
    },
  },
];
