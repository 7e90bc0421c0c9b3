/** Promises about coming back: a client that names the last event it has gets exactly the rest. */
import { type Check, must, notJudged } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { isEnd, lasting, readStream, showEvents, type StreamEvent } from '../stream.ts';
import { mustBeSame } from './events.ts';

const STRIPPED = 'a proxy strips the header Last-Event-ID; let it pass, or clients get everything again at each reconnect';

/** The checks of this group. */
export const resume: Check<Deployment>[] = [
  {
    id: 'resume-header',
    promise: 'With Last-Event-ID a stream goes on after that event, with exactly the rest.',
    async run(deployment) {
      const { path, middle, rest } = await findMiddle(deployment);
      const { events } = await readStream(deployment.http, path, { headers: { 'last-event-id': middle } });
      mustBeSame(lasting(events()), rest, STRIPPED);
      return showEvents(rest);
    },
  },
  {
    id: 'resume-query',
    promise: 'With ?lastEventId= a stream goes on after that event, with exactly the rest.',
    async run(deployment) {
      const { path, middle, rest } = await findMiddle(deployment);
      const { events } = await readStream(deployment.http, withCursor(path, middle));
      mustBeSame(lasting(events()), rest, 'a proxy strips or changes the query');
      return showEvents(rest);
    },
  },
  {
    id: 'resume-both',
    promise: 'If there are both, Last-Event-ID counts and ?lastEventId= does not: EventSource keeps its address when it comes back.',
    async run(deployment) {
      const { path, middle, rest, first } = await findMiddle(deployment);
      const { status, events } = await readStream(deployment.http, withCursor(path, first), { headers: { 'last-event-id': middle } });
      const all = lasting(events());
      if (status === 200 && all.length > rest.length) notJudged('the header does not arrive: see resume-header');
      mustBeSame(all, rest, 'a proxy changes the header or the query');
      return showEvents(rest);
    },
  },
  {
    id: 'resume-end',
    promise: 'A client that already has the end, or more, gets 204, which stops EventSource.',
    async run(deployment) {
      const { path, last } = await findMiddle(deployment);
      for (const cursor of [last, String(Number(last) + 1000)]) {
        const { status, events } = await readStream(deployment.http, withCursor(path, cursor));
        must(status === 204, {
          expected: `204 for the cursor ${cursor}`,
          seen: `${status}, ${showEvents(events())}`,
          cause: 'a proxy changes the status 204, or the query; every EventSource then comes back for ever',
        });
      }
      return '204';
    },
  },
  {
    id: 'resume-reset',
    promise: 'Who comes with a cursor that can not be gets `reset`, and then everything again.',
    async run(deployment) {
      const { path, all } = await findMiddle(deployment);
      const events = (await readStream(deployment.http, withCursor(path, 'conformance'))).events();
      const reset = events.findIndex(({ event }) => event === 'reset');
      const firstKept = events.findIndex(({ id }) => id !== undefined);
      must(reset >= 0 && reset < firstKept, {
        expected: 'reset before all that has an id',
        seen: showEvents(events),
        cause: 'a proxy takes events out',
      });
      mustBeSame(lasting(events), all, 'a proxy loses events');
      return showEvents(events);
    },
  },
];

/** Where to come back to: the address of the ended job's stream, all its lasting events, one in the middle, and those after it. */
type Middle = { path: string; all: StreamEvent[]; rest: StreamEvent[]; first: string; middle: string; last: string };

/** Finds it. It ends the check as not judged if the job has too few events. */
async function findMiddle({ jobs }: Deployment): Promise<Middle> {
  const watched = await jobs.watched();
  const all = lasting((await watched.whole()).events());
  const place = Math.floor((all.length - 1) / 2);
  const [first, middle, last] = [all[0]?.id, all[place]?.id, all.at(-1)?.id];
  if (!all.some(isEnd)) notJudged('the stream of the ended job has no end: see stream-end and stream-again');
  if (place < 1 || first === undefined || middle === undefined || last === undefined) {
    return notJudged(`the job has no event in the middle: ${showEvents(all)}`);
  }
  return { path: watched.job.streamUrl, all, rest: all.slice(place + 1), first, middle, last };
}

function withCursor(path: string, cursor: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}lastEventId=${cursor}`;
}
