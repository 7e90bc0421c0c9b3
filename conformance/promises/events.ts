/** Promises about the events of a job's stream: their ids, the items, and the end. */
import { isDeepStrictEqual } from 'node:util';
import { broken, type Check, must, notJudged, show } from '../check.ts';
import type { Deployment } from '../deployment.ts';
import { item as itemShape, misfit } from '../shapes.ts';
import { isEnd, isPing, lasting, nameOf, type Recording, showEvents, type StreamEvent } from '../stream.ts';
import { completeStream } from '../watch.ts';

/** The names that EventSource uses itself, and those that people take for its own. */
const FORBIDDEN = ['open', 'error', 'message', 'done', 'close'];

/** How long a stream may stay open after its end event, in ms. The server closes it at once. */
const CLOSE_MS = 10_000;

/** The checks of this group. */
export const events: Check<Deployment>[] = [
  {
    id: 'stream-ids',
    promise: 'Events that must be kept have ids, which grow; events of the moment have none.',
    async run({ jobs, http }) {
      const events = (await completeStream(await jobs.watched(), http)).events();
      const kept = lasting(events);
      const grows = kept.every(({ id }, place) => Number(id) > Number(kept[place - 1]?.id ?? 0));
      must(grows, { expected: 'whole numbers that grow', seen: showEvents(kept), cause: 'a proxy mixes, repeats or changes events' });
      const without = (names: string[]) => events.filter(({ event, id }) => names.includes(event) && id === undefined);
      const momentary = kept.filter(({ event }) => ['status', 'reset', 'live'].includes(event));
      must(momentary.length === 0, { expected: 'no id on status, reset and live', seen: showEvents(momentary) });
      const lacking = without(['item', 'progress', 'attempt', 'completed', 'failed', 'cancelled']);
      must(lacking.length === 0, { expected: 'an id on each', seen: `none on ${showEvents(lacking)}`, cause: 'a proxy takes ids out' });
      return showEvents(kept);
    },
  },
  {
    id: 'stream-items',
    promise: 'Each item comes once, and the indexes of a list have no gap.',
    async run({ jobs, http }) {
      const events = (await completeStream(await jobs.watched(), http)).events();
      const lists = itemsOf(events);
      for (const [list, items] of lists) {
        const indexes = items.map(({ index }) => index);
        const contiguous = indexes.every((index, place) => index === place);
        must(contiguous, { expected: `${list} 0 to ${indexes.length - 1}`, seen: show(indexes), cause: 'a proxy loses or repeats events' });
      }
      if (lists.size === 0) notJudged(`the job had no items: it ended as ${showEvents(events.filter(isEnd))}`);
      return show([...lists].map(([list, items]) => `${items.length} ${list}`).join(', '));
    },
  },
  {
    id: 'stream-result',
    promise: 'The result in the end event has the items that were sent.',
    async run({ jobs, http }) {
      const events = (await completeStream(await jobs.watched(), http)).events();
      const end = events.find(isEnd);
      if (end?.event !== 'completed') notJudged(`the job ended as ${end?.event}, without a result: ${show(end?.data['error'])}`);
      const sent = (itemsOf(events).get('flashcards') ?? []).map(({ value }) => value);
      const { flashcards } = end.data['result'] as { flashcards?: unknown };
      must(isDeepStrictEqual(flashcards, sent), { expected: show(sent), seen: show(flashcards), cause: 'a proxy loses events' });
      return `${sent.length} flashcards`;
    },
  },
  {
    id: 'stream-names',
    promise: `No event is named ${FORBIDDEN.join(', ')}.`,
    async run({ jobs, http }) {
      const events = (await completeStream(await jobs.watched(), http)).events();
      const bad = events.filter(({ event }) => FORBIDDEN.includes(event));
      must(bad.length === 0, { expected: 'other names', seen: showEvents(bad), cause: 'a proxy adds events, or takes names out' });
      return [...new Set(events.map(({ event }) => event))].join(', ');
    },
  },
  {
    id: 'stream-end',
    promise: 'The last event of a job says how it ended and carries retry: 0; then the server closes the stream.',
    async run({ jobs, http }) {
      const { stream, ended } = await jobs.watched();
      await ended();
      await stream.until(() => stream.events().some(isEnd), http.patienceMs);
      const end = stream.events().find(isEnd) ?? withoutEnd(stream);
      const after = stream.frames.slice(stream.frames.indexOf(end) + 1).filter((frame) => !isPing(frame));
      must(after.length === 0, { expected: 'nothing after the end', seen: show(after.map(nameOf)) });
      const before = stream.frames[stream.frames.indexOf(end) - 1];
      must(before?.type === 'retry' && before.ms === 0, { expected: 'retry: 0 on the end', seen: before ? nameOf(before) : 'nothing' });
      const closed = stream.closed() !== undefined || (await stream.until(() => stream.closed() !== undefined, CLOSE_MS));
      must(closed || stream.closed() !== undefined, {
        expected: 'the stream closes',
        seen: 'it is still open',
        cause: 'a proxy keeps the connection to the client open after the server has closed its own',
      });
      return `${end.event} ${end.id}, retry 0, closed`;
    },
  },
  {
    id: 'stream-again',
    promise: 'Who reads the stream of an ended job gets the same events as those who watched.',
    async run({ jobs, http }) {
      const watched = await jobs.watched();
      const seen = lasting((await completeStream(watched, http)).events());
      const again = lasting((await watched.whole()).events());
      mustBeSame(again, seen, 'a proxy stores streams, or loses events');
      return showEvents(again);
    },
  },
];

/** Ends a check as broken unless two lists of events are the same, with ids and data. */
export function mustBeSame(seen: readonly StreamEvent[], expected: readonly StreamEvent[], cause: string): void {
  const same = seen.length === expected.length && seen.every((one, place) => isSame(one, expected[place]));
  must(same, { expected: showEvents(expected), seen: showEvents(seen), cause });
}

function isSame(one: StreamEvent, other: StreamEvent | undefined): boolean {
  return one.id === other?.id && one.event === other?.event && isDeepStrictEqual(one.data, other.data);
}

/** The items of a stream, by list. */
function itemsOf(events: readonly StreamEvent[]): Map<string, { index: number; value: unknown }[]> {
  const items = events.filter(({ event }) => event === 'item').map(({ data }) => data);
  const wrong = items.map((data) => misfit(itemShape, data)).find((found) => found !== undefined);
  must(wrong === undefined, { expected: 'items with list, index, value and seq', seen: String(wrong) });
  return Map.groupBy(
    items.map((data) => itemShape.parse(data)),
    ({ list }) => list,
  );
}

function withoutEnd(stream: Recording): never {
  const last = stream.frames.at(-1);
  const seen = `${showEvents(stream.events())}; then ${stream.closed() ?? 'nothing more'}`;
  if (stream.closed() === 'closed' && last?.type === 'retry')
    notJudged('the server let its clients go before the end, as it does when it stops');
  broken({ expected: 'completed, failed or cancelled', seen, cause: 'something on the way cuts or holds the stream before its end' });
}
