/** The event reader: one supervised QueueEvents for the whole process. */
import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JournalRow } from '../job/snapshot.ts';
import { OwnError } from '../job/own-error.ts';
import { keysUnder, QUEUE_NAME } from '../store/keys.ts';
import { isNumberedRow } from '../job/record.ts';

/** What the reader hears of jobs. */
export type JobSignal =
  /** A row was appended to a job's journal; here it is. */
  | { type: 'row'; jobId: string; row: JournalRow }
  /** A job was added, its state is another now, or it has ended: read it. */
  | { type: 'changed'; jobId: string; change: 'added' | 'moved' | 'ended' }
  /** Signals may have been missed: read every job that matters. */
  | { type: 'missed' };

/** A running event reader. */
export type EventReader = {
  /** Whether it is reading now. */
  listening(): boolean;
  /** How often the reader had to be started again. */
  restarts(): number;
  close(): void;
};

/** What an event reader is made with. */
export type EventReaderOptions = {
  /** A connection that is not opened itself: each QueueEvents opens one like it, to wait on. */
  pattern: Redis;
  /** The connection of everyday commands. */
  redis: Redis;
  keyPrefix: string;
  onSignal: (signal: JobSignal) => void;
  onError: (error: unknown) => void;
};

/** BullMQ events after which a job's state is another. */
const MOVES = ['active', 'delayed', 'stalled'] as const;
const ENDS = ['completed', 'failed', 'removed'] as const;

/** The other events give no signal, but they show how far the reader is. */
const OTHERS = ['added', 'cleaned', 'deduplicated', 'duplicated', 'paused', 'resumed', 'retries-exhausted', 'waiting-children'] as const;

/** How often the last event that was read is compared with the stream's last one, in ms. */
const CHECK_MS = 5000;

/** The longest pause before a reader is started again, in ms; the first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/**
 * Starts the reader. It begins after the stream's last event and not at `$`: there, a connection that is lost before its first
 * event would lose events. One malformed event ends BullMQ's QueueEvents for good; the next one starts after that event,
 * with a `missed` signal. A QueueEvents that is connected and reads nothing while the stream goes on is replaced, too.
 */
export function createEventReader({ pattern, redis, keyPrefix, onSignal, onError }: EventReaderOptions): EventReader {
  const stream = keysUnder(keyPrefix).of('events');
  let current: QueueEvents | undefined;
  let listening = (): boolean => false;
  let lastId = '';
  /** How many QueueEvents ended since the last event was read. */
  let failures = 0;
  let restarts = 0;
  let closed = false;

  const tail = async (): Promise<string> => (await redis.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';

  const signal = (what: JobSignal, id: string): void => {
    lastId = id;
    failures = 0;
    try {
      onSignal(what);
    } catch (error) {
      onError(error); // the reader goes on
    }
  };

  const open = (): QueueEvents => {
    const events = new QueueEvents(QUEUE_NAME, { connection: pattern, prefix: keyPrefix, autorun: false, lastEventId: lastId });
    events.on('error', onError);
    events.on('progress', ({ jobId, data }, id) => {
      const row: unknown = data;
      signal(isNumberedRow(row) ? { type: 'row', jobId, row } : { type: 'changed', jobId, change: 'moved' }, id);
    });
    events.on('waiting', ({ jobId, prev }, id) => signal({ type: 'changed', jobId, change: prev === undefined ? 'added' : 'moved' }, id));
    for (const event of MOVES)
      events.on(event, ({ jobId }: { jobId: string }, id: string) => signal({ type: 'changed', jobId, change: 'moved' }, id));
    for (const event of ENDS)
      events.on(event, ({ jobId }: { jobId: string }, id: string) => signal({ type: 'changed', jobId, change: 'ended' }, id));
    for (const event of OTHERS) events.on(event, (_: unknown, id: string) => void (lastId = id));
    events.on('drained', (id) => void (lastId = id));
    return events;
  };

  /** Reads until QueueEvents ends. Resolves with whether an event was what ended it. */
  const read = async (): Promise<boolean> => {
    lastId ||= await tail();
    const opened = open();
    current = opened;
    try {
      const client = await opened.getBackend().client;
      listening = () => client.status === 'ready';
      // Nobody read what happened before. A connection can also have been away for longer than the stream keeps events.
      const missed = () => onSignal({ type: 'missed' });
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

  /** The event after the last one that was read is the one that ended QueueEvents. */
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

  /** Replaces a QueueEvents that is behind the stream and has read nothing since the last check. */
  let lastChecked = '';
  const check = async (): Promise<void> => {
    const read = lastId;
    const end = listening() ? await tail() : read;
    if (isLater(end, read) && read === lastChecked && lastId === read) {
      onError(new OwnError(`the event reader stopped at ${read}; the stream is at ${end}`));
      current?.close().catch(onError);
    }
    lastChecked = read;
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
      current?.close().catch(onError);
    },
  };
}

/** Whether a stream's id is later than another. A Redis that lost its last seconds ends before what was read from it. */
function isLater(id: string, other: string): boolean {
  const [[ms = 0, n = 0], [otherMs = 0, otherN = 0]] = [id, other].map((text) => text.split('-').map(Number)) as [number[], number[]];
  return ms > otherMs || (ms === otherMs && n > otherN);
}
