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
  onRing: (ring: Ring) => void;
  onError: (error: unknown) => void;
};

/** The longest pause before a reader is started again, in ms; the first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/** BullMQ events after which a job's state is another. */
const CHANGES = ['waiting', 'active', 'delayed', 'completed', 'failed', 'stalled', 'removed'] as const;

/**
 * Starts the doorbell. A reader starts at the stream's tail, not at `$`: there, a connection lost before its
 * first event would lose events. When a reader dies (one malformed event ends BullMQ's for good), the next
 * one starts past the event that killed it, with a `missed` ring.
 */
export function createDoorbell({ connect, keyPrefix, onRing, onError }: DoorbellOptions): Doorbell {
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
    while (!closed) {
      connection = connect();
      try {
        if (restarts > 0) await stepOver(connection);
        await read(connection);
      } catch (error) {
        if (!closed) onError(error);
      } finally {
        connection.disconnect();
      }
      if (!closed) await new Promise((resolve) => setTimeout(resolve, Math.min(20 * restarts, MAX_PAUSE_MS)));
      restarts++;
    }
  };

  void supervise();
  return {
    listening: () => listening && connection?.status === 'ready',
    restarts: () => restarts,
    close() {
      closed = true;
      connection?.disconnect();
      // Not waited for: with Redis away BullMQ would wait for it to come back.
      reader?.close().catch(onError);
    },
  };
}
