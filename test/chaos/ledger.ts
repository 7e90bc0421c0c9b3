/** The ledger: what every accepted job owes its clients, checked once a storm is over. */
import { expect } from 'vitest';
import { isEnd, lasting, type StreamEvent, watch } from '../support/sse.ts';
import { PASSWORD } from '../support/redis.ts';
import type { Process } from '../support/stack.ts';

/** An accepted job, and what each of its followers was sent, over all its connections. */
export type Entry = { job: Record<string, any>; followed: StreamEvent[][] };

/** How an accepted job stands in the books: its end, its items, and all its lasting events. */
export type Account = { end: StreamEvent; items: StreamEvent[]; rows: StreamEvent[] };

/** Closes the books on a job: one end, every item once, and one truth on new stream, followed streams and status alike. */
export async function audit(url: string, { job, followed }: Entry): Promise<Account> {
  const fresh = await watch(url + job['streamUrl']);
  await fresh.ended;
  const rows = lasting(fresh.events);
  const account = { end: theEnd(rows, job), items: rows.filter(({ event }) => event === 'item'), rows };
  const { end, items } = account;

  expect(numbers(rows), 'ids grow').toEqual(growing(rows));
  expect(
    items.map(({ data }) => data['index']),
    'each place is taken once',
  ).toEqual([...items.keys()]);
  const values = items.map(({ data }) => data['value']);
  expect(new Set(values.map(({ front }) => front)).size, 'no card twice').toBe(values.length);
  if (end.event === 'completed') expect(end.data['result'].flashcards).toEqual(values);

  for (const events of followed) {
    const seen = lasting(events.slice(events.findLastIndex(({ event }) => event === 'reset') + 1)); // a reset drops what was held
    expect(numbers(seen), 'a follower got each id once and in order').toEqual(growing(seen));
    expect(theEnd(seen, job)).toEqual(end);
    expect(seen, 'a follower got what the journal holds').toEqual(rows);
  }
  const status = (await (await fetch(`${url}/api/jobs/${job['jobId']}`)).json()) as Record<string, any>;
  expect(status).toMatchObject({ status: end.event, progress: { items: items.length } });
  return account;
}

/** Closes the books on all jobs. */
export const auditAll = (url: string, entries: Entry[]): Promise<Account[]> => Promise.all(entries.map((entry) => audit(url, entry)));

/** What no log may hold: the Redis user's password, the vendor's key, tokens, notes, and cards. */
const SECRETS = [PASSWORD, 'sk-test', 'token=', 'Notes', /\b(front|back) \d/];

/** More lines than this, and a fault was logged again and again. */
const MAX_LINES = 5000;

/**
 * Every one of them is alive, ends when it is told to, never met what it was not made for, and told in its log
 * (at `trace`) nothing that a log may not hold.
 */
export async function expectUnharmed(processes: Process[], maxLines = MAX_LINES): Promise<void> {
  for (const process of processes) {
    expect(await process.stop('SIGTERM')).toBe(0);
    expect(process.log().filter(({ level }) => Number(level) >= 60)).toEqual([]);
    const lines = process.output().split('\n');
    expect(lines.length).toBeLessThan(maxLines);
    for (const secret of SECRETS) {
      expect(lines.filter((line) => (typeof secret === 'string' ? line.includes(secret) : secret.test(line)))).toEqual([]);
    }
  }
}

function theEnd(events: StreamEvent[], job: Record<string, any>): StreamEvent {
  const ends = events.filter(isEnd);
  expect(
    ends.map(({ event }) => event),
    `${job['jobId']} ends once`,
  ).toHaveLength(1);
  expect(events.at(-1), 'nothing comes after the end').toBe(ends[0]);
  return ends[0] as StreamEvent;
}

const numbers = (events: StreamEvent[]) => events.map(({ id }) => Number(id));

const growing = (events: StreamEvent[]) => [...new Set(numbers(events))].toSorted((a, b) => a - b);
