/**
 * The framings of a Response: its stream, and the answer of a request that waits for it. Clients of
 * both take a clean end for the whole answer, so without an end the connection is broken.
 */
import type { JournalRow } from '../job/snapshot.ts';
import type { PutAddresses, Framed, Framing, JobReading, StreamHabits } from '../stream/framing.ts';
import { PING } from '../stream/sse-encoding.ts';
import { deltaEvent, eventFrame, eventsOf, FIRST_DELTA } from './response-events.ts';
import { continuedEvent, deltasOfPrompt, FIRST_ROW, isPrompt, type OpenText, promptEvents } from './prompt-response.ts';
import { deltaOf, type ResponseView, toResponse } from './response-object.ts';

/** What is the same for all readings of a job. `put`: puts addresses without tokens into its values. */
export type ResponseTerms = Pick<ResponseView, 'echo' | 'list'> & { kind: string; put: PutAddresses };

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

/** The view of a job as it was read, with all rows. */
export function responseView({ snapshot, rows }: Pick<JobReading, 'snapshot' | 'rows'>, { echo, list, put }: ResponseTerms): ResponseView {
  const { end } = snapshot;
  return { snapshot: end ? { ...snapshot, end: put(end) } : snapshot, rows: rows.map(put), echo, list };
}

const BROKEN = { interruption: 'break', reads: 'all' } as const satisfies Partial<StreamHabits & Framing>;

/** The stream of a Response. A follower's count is the number of the last event it has; -1 for none. */
export function responseStream(terms: ResponseTerms): Framing {
  const { kind, list, put } = terms;
  /**
   * Where the text of an answer stands that went on up to the event of this number: the next row
   * needs no reading then.
   */
  let open: (OpenText & { at: number }) | undefined;
  const rowOfPrompt = (row: JournalRow & { type: 'item' }, at: number): Framed | undefined => {
    const number = FIRST_ROW + row.index;
    if (number <= at) return { bytes: NOTHING, at };
    if (number !== at + 1 || !open || open.at < at || open.at > number) return undefined;
    const event = continuedEvent(row, open);
    if (!event) return undefined;
    open.at = number;
    return { bytes: encoder.encode(eventFrame({ number, type: event.type, fields: () => event.fields })), at: number };
  };
  return {
    ...BROKEN,
    name: 'response-stream',
    ping: encoder.encode(PING),
    standing(reading, cursor) {
      const last = eventsOf(responseView(reading, terms)).length - 1;
      if (cursor === 'malformed') return 'unknown';
      if (reading.snapshot.end && cursor >= last) return 'over';
      return cursor > last ? 'unknown' : 'open';
    },
    row(jobId, row, at) {
      if (row.type !== 'item' || row.list !== list) return { bytes: NOTHING, at };
      if (isPrompt(kind)) return rowOfPrompt(row, at);
      const number = FIRST_DELTA + row.index;
      if (number <= at) return { bytes: NOTHING, at };
      if (number !== at + 1) return undefined; // what stands before it is made of a reading
      return { bytes: encoder.encode(eventFrame(deltaEvent(jobId, number, deltaOf(put(row), list)))), at: number };
    },
    reading(reading) {
      const view = responseView(reading, terms);
      const events = eventsOf(view);
      const text = isPrompt(kind) ? promptEvents(deltasOfPrompt(view)).open : undefined;
      open = text && { ...text, at: events.length - 1 };
      return byPlace((at) => {
        const missed = events.slice(at + 1);
        const [last] = events.slice(-1);
        // It was told that a run had begun, and that run was given back since: its end is still to come.
        if (missed.length === 0 && reading.snapshot.end && last) missed.push({ ...last, number: at + 1 });
        return { bytes: encoder.encode(missed.map(eventFrame).join('')), at: at + missed.length };
      });
    },
  };
}

/** The one answer of a request that waits: spaces, which JSON allows, until the Response is finished. */
export function awaitedResponse(terms: ResponseTerms): Framing {
  return {
    ...BROKEN,
    name: 'awaited-response',
    ping: encoder.encode(' '),
    standing: () => 'open',
    row: (_jobId, _row, at) => ({ bytes: NOTHING, at }),
    reading(reading) {
      if (!reading.snapshot.end) return ({ at }) => ({ bytes: NOTHING, at });
      const bytes = encoder.encode(JSON.stringify(toResponse(responseView(reading, terms))));
      return ({ at }) => ({ bytes, at });
    },
  };
}

/** Makes the bytes once for all followers at the same place. */
function byPlace(make: (at: number) => Framed): (place: { at: number }) => Framed {
  const made = new Map<number, Framed>();
  return ({ at }) => {
    let framed = made.get(at);
    if (!framed) made.set(at, (framed = make(at)));
    return framed;
  };
}
