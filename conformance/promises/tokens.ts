/** Promises about the token in streamUrl: it lets EventSource in, and nothing that only looks like it does. */
import { type Check, must, notJudged } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { openStream, showEvents } from '../stream.ts';

/** The checks of this group. */
export const tokens: Check<Deployment>[] = [
  {
    id: 'token-stream',
    promise: 'streamUrl works without any header, as EventSource opens it.',
    async run({ jobs, http }) {
      const { job } = await jobs.watched();
      const stream = openStream(http, job.streamUrl, { anonymous: true });
      const { status } = await stream.head;
      await stream.until(() => stream.events().length > 0, http.patienceMs);
      stream.leave();
      must(status === 200 && stream.events().length > 0, {
        expected: '200 with events',
        seen: `${status}, ${showEvents(stream.events())}`,
        cause: 'a gateway wants an identity for /api/jobs/…/events, or strips the query with its token; let this address pass',
      });
      return showEvents(stream.events().slice(0, 1));
    },
  },
  {
    id: 'token-forged',
    promise: 'A forged token is refused: 401 or 404.',
    async run({ jobs, http }) {
      const { job } = await jobs.watched();
      const forged = forge(job.streamUrl);
      if (forged === job.streamUrl) return notJudged('streamUrl has no token');
      const { status } = await http.ask(forged, { anonymous: true, headers: { accept: 'text/event-stream' } });
      must(status === 401 || status === 403 || status === 404, {
        expected: '401 or 404',
        seen: String(status),
        cause: 'a proxy answers from its store without regard to the query, or names a user for requests that have none',
      });
      return String(status);
    },
  },
];

/** The address with another signature of the same form. */
function forge(streamUrl: string): string {
  return streamUrl.replace(/(token=[^.&]*\.)(.)/, (_, head: string, letter: string) => `${head}${letter === 'A' ? 'B' : 'A'}`);
}
