/** Promises about time: what happens to a job is seen when it happens. */
import { broken, type Check, must, notJudged, wordsOfError } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import type { Http } from '../http.ts';
import { openStream, type Recording, showEvents } from '../stream.ts';
import type { Poll } from '../watch.ts';

/** How long the first events of a stream may take, in ms. The server sends them at once. */
const FIRST_EVENTS_MS = 5000;

/** How long polls may be ahead of the stream, in ms, and how many of them. The stream is ahead of them if nothing holds it back. */
const LAG_MS = 2000;
const LAG_POLLS = 3;

const BUFFERED =
  'a proxy buffers the stream; switch buffering off for it (nginx: proxy_buffering off, or do not ignore X-Accel-Buffering; ' +
  'others: flush each piece, and do not compress)';

/** The checks of this group. */
export const live: Check<Deployment>[] = [
  {
    id: 'stream-unbuffered',
    promise: 'The first events of a stream arrive at once, while the stream goes on.',
    async run({ jobs, http }) {
      const { job } = await jobs.watched();
      const stream = openStream(http, '/api/events');
      const isOurs = () => stream.events().some(({ data }) => data['jobId'] === job.jobId);
      const came = await startsSoon(stream, http, isOurs);
      const closed = stream.closed();
      stream.leave();
      must(came, {
        expected: `the padding, and an event of ${job.jobId}, while the stream is open`,
        seen: `${stream.frames.length === 0 ? 'not one byte' : showEvents(stream.events())} in ${FIRST_EVENTS_MS / 1000} s`,
        cause: closed ? `the stream was ${closed} at its start` : BUFFERED,
      });
      must(closed === undefined, {
        expected: 'a stream that goes on',
        seen: `it was ${closed}`,
        cause: 'a proxy limits how long an answer may be',
      });
      return showEvents(stream.events().filter(({ data }) => data['jobId'] === job.jobId));
    },
  },
  {
    id: 'stream-live',
    promise: 'An item arrives when it is finished, while the job still runs.',
    async run({ jobs }) {
      const { stream, polls, ended } = await jobs.watched();
      await ended();
      const items = stream.events().filter(({ event }) => event === 'item');
      const [item] = items;
      if (item && polls.some(({ askedAt, ended }) => !ended && askedAt > item.at)) return 'the first item came before the end';
      const late = findLag(polls, (at) => items.filter((one) => one.at <= at).length);
      if (late !== undefined) {
        broken({
          expected: `${late} items on the stream, as polls had seen them`,
          seen: 'fewer, for two seconds and more',
          cause: BUFFERED,
        });
      }
      return notJudged('the job ended too soon after its first item to tell; stream-unbuffered judges the way');
    },
  },
  {
    id: 'stream-catches-up',
    promise: 'Who opens the stream of a job that still runs is told by `live` when all that was missed has come.',
    async run({ jobs }) {
      const { stream, ended } = await jobs.watched();
      await ended();
      const events = stream.events();
      const first = events.find(({ event }) => event === 'status');
      if (!['waiting', 'active'].includes(String(first?.data['status']))) notJudged('the job had ended before its stream was open');
      must(
        events.some(({ event }) => event === 'live'),
        {
          expected: 'an event live',
          seen: showEvents(events),
          cause: 'a proxy takes events out of streams',
        },
      );
      return showEvents(events.slice(0, events.findIndex(({ event }) => event === 'live') + 1));
    },
  },
];

/**
 * Waits for the start of a stream: for some seconds, and then for as long as another request takes, so that a slow network is
 * not taken for a buffer. Resolves with whether it came.
 */
export async function startsSoon(stream: Recording, http: Http, hasCome: () => boolean): Promise<boolean> {
  const refused = stream.head.then(
    ({ status }) => status !== 200 && broken({ expected: '200', seen: String(status), cause: 'a proxy refuses or replaces this answer' }),
    (error: unknown) => broken({ expected: 'a stream', seen: wordsOfError(error), cause: BUFFERED }),
  );
  const come = async (): Promise<boolean> => {
    if (await stream.until(hasCome, FIRST_EVENTS_MS)) return true;
    await http.ask('/api/jobs?limit=1');
    return hasCome();
  };
  const waiting = come();
  await Promise.race([waiting, refused.then(() => waiting)]);
  return waiting;
}

/** Finds how many items polls had seen long before the stream had them; undefined if it had them in time. `onStream`: how many it had at a time. */
function findLag(polls: readonly Poll[], onStream: (at: number) => number): number | undefined {
  const unended = polls.filter(({ ended }) => !ended);
  for (const [place, { items, answeredAt }] of unended.entries()) {
    const later = unended.slice(place + 1).find((poll, n) => n + 1 >= LAG_POLLS && poll.askedAt > answeredAt + LAG_MS);
    if (later && items > onStream(later.askedAt)) return items;
  }
  return undefined;
}
