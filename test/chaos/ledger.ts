/** The ledger of a disturbed run: every accepted job with what its follower saw, and whether all of it adds up. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import type { Process, Stack } from '../support/stack.ts';

/** An accepted job and the one who follows it. */
export type Entry = {
  jobId: string;
  streamUrl: string;
  /** The lasting events its follower got, over however many connections. */
  events: StreamEvent[];
  /** How often the follower had to come back. */
  reconnects: number;
  /** Resolves at the job's end. */
  ended: Promise<void>;
};

/** See the file's sentence. */
export type Ledger = {
  entries: Entry[];
  /** Where followers go: in turn, whichever answers. */
  urls: string[];
  /** Submits a job and follows it to its end; the answer's status, for what was not accepted. */
  submit(input: Record<string, unknown>, headers?: Record<string, string>): Promise<number>;
  /** Waits for every job's end and checks each: completed, with so many cards, and all that was ever said of it in agreement. */
  settle(cards: number): Promise<void>;
};

/** Opens a ledger. */
export function openLedger(stack: Stack): Ledger {
  const entries: Entry[] = [];
  const urls = [stack.url];
  let over = false;
  onTestFinished(() => void (over = true));

  const follow = async (entry: Entry): Promise<void> => {
    for (let turn = 0; !over; turn++) {
      const last = entry.events.at(-1)?.id;
      const url = urls[turn % urls.length] + entry.streamUrl;
      try {
        const stream = await watch(url, last === undefined ? {} : { 'last-event-id': last });
        if (stream.response.status === 204) throw new Error(`204, though ${entry.jobId} has not been seen to end`);
        await stream.ended.catch(() => {}); // the process was killed
        if (stream.events.some(({ event }) => event === 'reset')) throw new Error(`a reset after ${last}`);
        entry.events.push(...lasting(stream.events));
        if (stream.events.some(isEnd)) return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // fetch's own: nobody is there
      }
      entry.reconnects++;
      await pause(50);
    }
  };

  const check = async (entry: Entry, cards: number): Promise<void> => {
    await entry.ended;
    const fresh = newEntry(entry.jobId, entry.streamUrl);
    await follow(fresh);
    const { events } = fresh;
    const ids = events.map(({ id }) => Number(id));
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b)); // growing, each once
    expect(events.filter(isEnd)).toEqual([events.at(-1)]);
    expect(entry.events).toEqual(events); // the follower missed nothing and got nothing twice
    const end = events.at(-1);
    expect(end?.event, JSON.stringify(end?.data['error'])).toBe('completed');
    const items = events.filter(({ event }) => event === 'item').map(({ data }) => data);
    expect(items.map(({ index }) => index)).toEqual(Array.from({ length: cards }, (_, index) => index));
    expect(end?.data['result'].flashcards).toEqual(items.map(({ value }) => value));
    expect(new Set(items.map(({ value }) => value.front)).size).toBe(cards);
  };

  return {
    entries,
    urls,
    async submit(input, headers = {}) {
      const response = await fetch(`${stack.url}/api/ai/generate-flashcards`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(input),
      });
      if (response.status !== 202) return response.status;
      const { jobId, streamUrl } = (await response.json()) as { jobId: string; streamUrl: string };
      const entry = newEntry(jobId, streamUrl);
      entry.ended = follow(entry);
      entry.ended.catch(() => {}); // settle() awaits it
      entries.push(entry);
      return response.status;
    },
    async settle(cards) {
      await Promise.all(entries.map((entry) => check(entry, cards)));
    },
  };
}

const newEntry = (jobId: string, streamUrl: string): Entry => ({ jobId, streamUrl, events: [], reconnects: 0, ended: Promise.resolve() });

/** Processes that nobody killed are alive and have logged nothing worse than a warning. */
export function expectCalm(...processes: Process[]): void {
  for (const { pid, log } of processes) {
    expect(() => process.kill(pid, 0)).not.toThrow();
    expect(log().filter(({ level }) => Number(level) >= 50)).toEqual([]);
  }
}
