/** The doorbell: one supervised reader of BullMQ's events for the whole process. */
import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JournalRow } from '../jobs/event.ts';
import { bullKeys, QUEUE_NAME } from './connection.ts';

/** What rings. */
export type Ring =
  /** A row was appended to a job's journal; here it is. */
  | { type: 'row'; jobId: string; row: JournalRow }
  /** A job's state is another now, or it has ended: look. */
  | { type: 'changed'; jobId: string }
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
  /** Opens a patient connection; each reader has one of its own, to block on. */
  connect: () => Redis;
  keyPrefix: string;
  /** The id of the stream's newest event, over another connection than the reader's. */
  tail: () => Promise<string | undefined>;
  onRing: (ring: Ring) => void;
  onError: (error: unknown) => void;
};

/** The longest pause before a reader is started again, in ms; the first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/** BullMQ events after which a job's state is another. */
const CHANGES = ['waiting', 'active', 'delayed', 'completed', 'failed', 'stalled', 'removed'] as const;

/** The others: nothing rings, but they show how far the reader is. */
const OTHERS = ['added', 'cleaned', 'deduplicated', 'duplicated', 'paused', 'resumed', 'retries-exhausted', 'waiting-children'] as const;

/** How often the reader's place is compared with the stream's end, in ms. */
const CHECK_MS = 5000;

/**
 * Starts the doorbell. A reader starts at the stream's tail, not at `$`: there, a connection lost before its
 * first event would lose events. When a reader dies (one malformed event ends BullMQ's for good), the next
 * one starts past the event that killed it, with a `missed` ring.
 */
export function createDoorbell({ connect, keyPrefix, tail, onRing, onError }: DoorbellOptions): Doorbell {
  const stream = bullKeys(keyPrefix).of('events');
  let connection: Redis | undefined;
  let reader: QueueEvents | undefined;
  let listening = false;
  let restarts = 0;
  let closed = false;
  let lastId = '';

  /** Reads until the reader dies, then rejects. */
  const read = async (redis: Redis): Promise<void> => {
    lastId ||= (await redis.xrevrange(stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
    if (closed) return;
    onRing({ type: 'missed' }); // what happened before that, nobody heard
    reader = new QueueEvents(QUEUE_NAME, { connection: redis, prefix: keyPrefix, autorun: false, lastEventId: lastId });
    reader.on('error', onError);
    reader.on('progress', ({ jobId, data }, id) => {
      lastId = id;
      onRing({ type: 'row', jobId, row: data as unknown as JournalRow });
    });
    for (const event of CHANGES) {
      reader.on(event, ({ jobId }: { jobId: string }, id: string) => {
        lastId = id;
        onRing({ type: 'changed', jobId });
      });
    }
    for (const event of OTHERS) reader.on(event, (_: unknown, id: string) => void (lastId = id));
    reader.on('drained', (id) => void (lastId = id));
    // A connection that was away may have been away for longer than the stream remembers.
    redis.on('ready', () => onRing({ type: 'missed' }));
    listening = true;
    try {
      await reader.run();
    } finally {
      listening = false;
      if (!closed) await reader.close();
    }
  };

  /** The event after the last one heard is the one that the reader died of. */
  const stepOver = async (redis: Redis): Promise<void> => {
    lastId = (await redis.xrange(stream, `(${lastId}`, '+', 'COUNT', 1))[0]?.[0] ?? lastId;
  };

  const supervise = async (): Promise<void> => {
    let died = false;
    while (!closed) {
      connection = connect();
      try {
        if (died) await stepOver(connection);
        died = false;
        await read(connection);
      } catch (error) {
        died = true;
        if (!closed) onError(error);
      } finally {
        connection.disconnect();
      }
      if (!closed) await new Promise((resolve) => setTimeout(resolve, Math.min(20 * restarts, MAX_PAUSE_MS)));
      restarts++;
    }
  };

  /** Lets a deaf reader go: the stream is further than it, and it has not moved since the last check. */
  let placeThen = '';
  const check = async (): Promise<void> => {
    const place = lastId;
    const end = listening ? await tail() : undefined;
    if (end !== undefined && end !== place && place === placeThen && lastId === place) {
      onError(new Error(`the doorbell is deaf at ${place}; the stream is at ${end}`));
      reader?.close().catch(onError);
      connection?.disconnect();
    }
    placeThen = place;
  };
  const checking = setInterval(() => void check().catch(onError), CHECK_MS);

  void supervise();
  return {
    listening: () => listening && connection?.status === 'ready',
    restarts: () => restarts,
    close() {
      closed = true;
      clearInterval(checking);
      connection?.disconnect();
      // Not waited for: with Redis away BullMQ would wait for it to come back.
      reader?.close().catch(onError);
    },
  };
}
