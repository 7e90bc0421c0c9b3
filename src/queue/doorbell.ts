/** The doorbell: one supervised reader of BullMQ's events for the whole process. */
import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JournalRow } from '../jobs/event.ts';
import { OwnError } from '../jobs/own-error.ts';
import { keysUnder, QUEUE_NAME } from './keys.ts';
import { isNumberedRow } from './record.ts';

/** What rings. */
export type Ring =
  /** A row was appended to a job's journal; here it is. */
  | { type: 'row'; jobId: string; row: JournalRow }
  /** A job is there, or its state is another now, or it has ended: look. */
  | { type: 'changed'; jobId: string; change: 'added' | 'moved' | 'ended' }
  /** Rings may have been missed: look at every job that matters. */
  | { type: 'missed' };

/** A running doorbell. */
export type Doorbell = {
  /** Whether it is reading now. */
  listening(): boolean;
  /** How often the reader had to be started again. */
  restarts(): number;
  close(): void;
};

/** What a doorbell is made with. */
export type DoorbellOptions = {
  /** A patient connection that is not opened itself: each reader opens one like it, to block on. */
  pattern: Redis;
  /** The connection of everyday commands. */
  redis: Redis;
  keyPrefix: string;
  onRing: (ring: Ring) => void;
  onError: (error: unknown) => void;
};

/** BullMQ events after which a job's state is another. */
const MOVES = ['active', 'delayed', 'stalled'] as const;
const ENDS = ['completed', 'failed', 'removed'] as const;

/** The others: nothing rings, but they show how far the reader is. */
const OTHERS = ['added', 'cleaned', 'deduplicated', 'duplicated', 'paused', 'resumed', 'retries-exhausted', 'waiting-children'] as const;

/** How often the reader's place is compared with the stream's end, in ms. */
const CHECK_MS = 5000;

/** The longest pause before a reader is started again, in ms; the first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/**
 * Starts the doorbell. A reader starts at the stream's tail, not at `$`: there, a connection lost before its
 * first event would lose events. When a reader dies (one malformed event ends BullMQ's for good), the next
 * one starts past the event that killed it, with a `missed` ring. One that has gone deaf (alive, and not a
 * step further while the stream goes on) is let go, and the next starts where it was.
 */
export function createDoorbell({ pattern, redis, keyPrefix, onRing, onError }: DoorbellOptions): Doorbell {
  const stream = keysUnder(keyPrefix).of('events');
  let reader: QueueEvents | undefined;
  let listening = (): boolean => false;
  let lastId = '';
  /** Readers that ended since an event was heard last. */
  let failures = 0;
  let restarts = 0;
  let closed = false;

  const tail = async (): Promise<string> => (await redis.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';

  const ring = (what: Ring, id: string): void => {
    lastId = id;
    failures = 0;
    try {
      onRing(what);
    } catch (error) {
      onError(error); // a listener's trouble is not the reader's
    }
  };

  const open = (): QueueEvents => {
    const events = new QueueEvents(QUEUE_NAME, { connection: pattern, prefix: keyPrefix, autorun: false, lastEventId: lastId });
    events.on('error', onError);
    events.on('progress', ({ jobId, data }, id) => {
      const row: unknown = data;
      ring(isNumberedRow(row) ? { type: 'row', jobId, row } : { type: 'changed', jobId, change: 'moved' }, id);
    });
    events.on('waiting', ({ jobId, prev }, id) => ring({ type: 'changed', jobId, change: prev === undefined ? 'added' : 'moved' }, id));
    for (const event of MOVES)
      events.on(event, ({ jobId }: { jobId: string }, id: string) => ring({ type: 'changed', jobId, change: 'moved' }, id));
    for (const event of ENDS)
      events.on(event, ({ jobId }: { jobId: string }, id: string) => ring({ type: 'changed', jobId, change: 'ended' }, id));
    for (const event of OTHERS) events.on(event, (_: unknown, id: string) => void (lastId = id));
    events.on('drained', (id) => void (lastId = id));
    return events;
  };

  /** Reads until the reader ends; whether it died of an event. */
  const read = async (): Promise<boolean> => {
    lastId ||= await tail();
    const opened = open();
    reader = opened;
    try {
      const client = await opened.getBackend().client;
      listening = () => client.status === 'ready';
      // What happened before, nobody heard; and a connection that was away may have been so for longer than the stream remembers.
      const missed = () => onRing({ type: 'missed' });
      client.on('ready', missed);
      missed();
      return await opened.run().then(
        () => false,
        (error: unknown) => {
          onError(error);
          return true;
        },
      );
    } finally {
      listening = () => false;
      opened.close().catch(onError);
    }
  };

  /** The event after the last one heard is the one that the reader died of. */
  const stepOver = async (): Promise<void> => {
    lastId = (await redis.xrange(stream, `(${lastId}`, '+', 'COUNT', 1))[0]?.[0] ?? lastId;
  };

  const supervise = async (): Promise<void> => {
    for (; !closed; restarts++) {
      try {
        if (await read()) await stepOver();
      } catch (error) {
        onError(error); // Redis is away
      }
      failures++;
      if (!closed) await new Promise((resolve) => setTimeout(resolve, Math.min(20 * failures, MAX_PAUSE_MS)));
    }
  };

  /** Lets a deaf reader go: the stream is further than it, and it has not moved since the last check. */
  let placeThen = '';
  const check = async (): Promise<void> => {
    const place = lastId;
    const end = listening() ? await tail() : place;
    if (isLater(end, place) && place === placeThen && lastId === place) {
      onError(new OwnError(`the doorbell is deaf at ${place}; the stream is at ${end}`));
      reader?.close().catch(onError);
    }
    placeThen = place;
  };
  const checking = setInterval(() => void check().catch(onError), CHECK_MS);

  void supervise();
  return {
    listening: () => listening(),
    restarts: () => restarts,
    close() {
      closed = true;
      clearInterval(checking);
      // Not waited for: with Redis away BullMQ would wait for it to come back.
      reader?.close().catch(onError);
    },
  };
}

/** Whether a stream's id is later than another. A Redis that lost its last seconds ends before what was read from it. */
function isLater(id: string, other: string): boolean {
  const [[ms = 0, n = 0], [otherMs = 0, otherN = 0]] = [id, other].map((text) => text.split('-').map(Number)) as [number[], number[]];
  return ms > otherMs || (ms === otherMs && n > otherN);
}
