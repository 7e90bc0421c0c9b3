/**
 * Erasing the events of jobs from BullMQ's stream. Those of rows hold items, and the job's
 * record says where they are. BullMQ's own hold the job's id alone, and stand beside the times
 * that BullMQ notes. So what an erasure costs does not depend on how long the stream is.
 */
import { FIELDS } from '../job/record.ts';
import type { Store } from '../store/store.ts';

/** The fields of a record that say where a job's events are. */
export const EVENT_FIELDS = ['timestamp', 'processedOn', 'finishedOn', 'ats', FIELDS.ready, FIELDS.events] as const;

/** A job whose events are erased: the fields above, and how many rows its journal has. */
export type JobEvents = { id: string; fields: readonly (string | null)[]; rows: number };

/** How many events are deleted by one command. */
const DELETED_AT_ONCE = 500;

/** How many events one script looks at: Redis serves others in between. */
const LOOKED_AT_ONCE = 64;

/**
 * How many events are looked at beside a time, in each
 * direction, until the event that it is the time of is found.
 */
const BESIDE = 512;

/**
 * How far a worker's clock may be from Redis', in ms. Further
 * away from a time that it has noted nothing is searched.
 */
const CLOCK_ERROR_MS = 5000;

/** A part of the stream, and from which side it is looked at. */
type Part = { from: string; to: string; back: 0 | 1 };

/** A time that is noted, and the names that the event of it may have. */
type Noted = { time: number; names: readonly string[] };

/** Erases the events of jobs that have ended. */
export class EventEraser {
  readonly #store;
  readonly #stream;
  readonly #deleteEvents;

  constructor(store: Store) {
    this.#store = store;
    this.#stream = store.keys.of('events');
    this.#deleteEvents = store.script(new URL('scripts/delete_events.lua', import.meta.url), {
      keys: ['events'],
      args: ['id', 'from', 'to', 'count', 'back'],
    });
  }

  async erase({ id, fields, rows }: JobEvents): Promise<void> {
    const [timestamp, processedOn, finishedOn, starts, ready, places] = fields;
    const start = Number(timestamp) || 0;
    const ids = placesOf(places ?? '', start);
    for (let from = 0; from < ids.length; from += DELETED_AT_ONCE) {
      await this.#store.redis.xdel(this.#stream, ...ids.slice(from, from + DELETED_AT_ONCE));
    }
    const times = [
      { time: start, names: ['waiting', 'delayed'] },
      { time: Number(processedOn), names: ['active'] },
      { time: Number(finishedOn), names: ['completed', 'failed'] },
      { time: Number(ready), names: ['waiting', 'delayed'] },
    ].filter(({ time }) => Number.isSafeInteger(time) && time > 0);
    const isIncomplete = ids.length < rows; // an earlier version has written some of them
    // Nothing says where BullMQ's events of further runs are.
    if (isIncomplete || Number(starts) > 1) {
      const last = Math.max(...times.map(({ time }) => time), start);
      let part: Part | undefined = { from: String(start), to: String(last + CLOCK_ERROR_MS), back: 0 };
      while (part) part = (await this.#look(id, part)).left;
    } else await this.#searchBeside(id, times);
  }

  /**
   * Looks at the next events of a part. Resolves with what is
   * left of it, and with the names of those that were the job's.
   */
  async #look(id: string, part: Part): Promise<{ left: Part | undefined; names: string[] }> {
    const range = { ...part, events: this.#stream, id, count: LOOKED_AT_ONCE };
    const [last, names] = (await this.#deleteEvents(range)) as [last: string, names: string[]];
    const rest = part.back === 1 ? { ...part, to: `(${last}` } : { ...part, from: `(${last}` };
    return { left: last === '' ? undefined : rest, names };
  }

  /** Looks at both sides of times until their events are found, and no further than they can be. */
  async #searchBeside(id: string, times: readonly Noted[]): Promise<void> {
    let searches: { names: readonly string[]; part: Part }[] = times.flatMap(({ time, names }) => [
      { names, part: { from: String(time), to: String(time + CLOCK_ERROR_MS), back: 0 } },
      { names, part: { from: String(Math.max(time - CLOCK_ERROR_MS, 0)), to: String(time - 1), back: 1 } },
    ]);
    for (let looked = 0; searches.length > 0 && looked < BESIDE; looked += LOOKED_AT_ONCE) {
      const seen = await Promise.all(searches.map(async ({ names, part }) => ({ wanted: names, ...(await this.#look(id, part)) })));
      const found = new Set(seen.flatMap(({ names }) => names));
      searches = seen.flatMap(({ wanted, left }) =>
        left && !wanted.some((name) => found.has(name)) ? [{ names: wanted, part: left }] : [],
      );
    }
  }
}

/** The ids of events that a record's field names. What can't be read is passed over. */
function placesOf(text: string, start: number): string[] {
  return text.split(' ').flatMap((entry) => {
    const [, delta, first, count] = /^(-?\d{1,15})\.(\d{1,15})\.(\d{1,5})$/.exec(entry) ?? [];
    if (delta === undefined) return [];
    return Array.from({ length: Number(count) }, (_, n) => `${Math.max(start + Number(delta), 0)}-${Number(first) + n}`);
  });
}
