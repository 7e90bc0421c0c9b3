/** The event reader: one supervised QueueEvents for the whole process. */
import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { JournalRow } from '../job/snapshot.ts';
import { OwnError } from '../job/own-error.ts';
import { keysUnder, QUEUE_NAME } from '../store/keys.ts';
import { BLOCK_MS } from '../store/redis-connection.ts';
import { isNumberedRow } from '../job/record.ts';

/** What the reader reports of jobs. */
export type JobSignal =
  /** A row was appended to a job's journal; here it is. */
  | { type: 'row'; jobId: string; row: JournalRow }
  /** A job was added, its state is another now, or it has ended: read it. */
  | { type: 'changed'; jobId: string; change: 'added' | 'moved' | 'ended' }
  /** Signals may have been missed: read every job that matters. */
  | { type: 'missed' };

/** The connections of an event reader, and where its signals go. */
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
 * The reader runs from when it is made. It begins after the stream's last event and not at `$`:
 * there, a connection that is lost before its first event would lose events. One malformed event
 * ends BullMQ's QueueEvents for good; the next one starts after that event, with a `missed` signal.
 * A QueueEvents that is connected and reads nothing while the stream goes on is replaced, too.
 */
export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #stream: string;
  readonly #checking: ReturnType<typeof setInterval>;
  #events: QueueEvents | undefined;
  #isListening = (): boolean => false;
  #lastId = '';
  /** The last id at the last check. */
  #lastChecked = '';
  /** How many QueueEvents ended since the last event was read. */
  #failures = 0;
  #restarts = 0;
  #closed = false;

  constructor(options: EventReaderOptions) {
    this.#options = options;
    this.#stream = keysUnder(options.keyPrefix).of('events');
    this.#checking = setInterval(() => void this.#check().catch(options.onError), CHECK_MS);
    void this.#supervise();
  }

  /** Whether it is reading now. */
  listening(): boolean {
    return this.#isListening();
  }

  /** How often the reader had to be started again. */
  restarts(): number {
    return this.#restarts;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#checking);
    // Not waited for: with Redis away BullMQ would wait for it to come back.
    this.#events?.close().catch(this.#options.onError);
  }

  async #supervise(): Promise<void> {
    for (; !this.#closed; this.#restarts++) {
      try {
        if (await this.#read()) await this.#stepOver();
      } catch (error) {
        this.#options.onError(error); // Redis is away
      }
      this.#failures++;
      if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, Math.min(20 * this.#failures, MAX_PAUSE_MS)));
    }
  }

  /** Reads until QueueEvents ends. Resolves with whether an event was what ended it. */
  async #read(): Promise<boolean> {
    const { onSignal, onError } = this.#options;
    this.#lastId ||= await this.#tail();
    const events = this.#open();
    this.#events = events;
    try {
      const client = await events.getBackend().client;
      this.#isListening = () => client.status === 'ready';
      // Nobody read what happened before. A connection can also have been away for longer than the
      // stream keeps events.
      const missed = () => onSignal({ type: 'missed' });
      client.on('ready', missed);
      missed();
      return await events.run().then(
        () => false,
        (error: unknown) => {
          onError(error);
          return true;
        },
      );
    } finally {
      this.#isListening = () => false;
      events.close().catch(onError);
    }
  }

  #open(): QueueEvents {
    const { pattern, keyPrefix, onError } = this.#options;
    const options = { prefix: keyPrefix, autorun: false, lastEventId: this.#lastId, blockingTimeout: BLOCK_MS };
    const events = new QueueEvents(QUEUE_NAME, { connection: pattern, ...options });
    const changed = (jobId: string, change: 'added' | 'moved' | 'ended', id: string) =>
      this.#signal({ type: 'changed', jobId, change }, id);
    events.on('error', onError);
    events.on('progress', ({ jobId, data }, id) => {
      const row: unknown = data;
      if (isNumberedRow(row)) this.#signal({ type: 'row', jobId, row }, id);
      else changed(jobId, 'moved', id);
    });
    events.on('waiting', ({ jobId, prev }, id) => changed(jobId, prev === undefined ? 'added' : 'moved', id));
    for (const event of MOVES) events.on(event, ({ jobId }: { jobId: string }, id: string) => changed(jobId, 'moved', id));
    for (const event of ENDS) events.on(event, ({ jobId }: { jobId: string }, id: string) => changed(jobId, 'ended', id));
    for (const event of OTHERS) events.on(event, (_: unknown, id: string) => void (this.#lastId = id));
    events.on('drained', (id) => void (this.#lastId = id));
    return events;
  }

  #signal(signal: JobSignal, id: string): void {
    this.#lastId = id;
    this.#failures = 0;
    try {
      this.#options.onSignal(signal);
    } catch (error) {
      this.#options.onError(error); // the reader goes on
    }
  }

  /** The event after the last one that was read is the one that ended QueueEvents. */
  async #stepOver(): Promise<void> {
    this.#lastId = (await this.#options.redis.xrange(this.#stream, `(${this.#lastId}`, '+', 'COUNT', 1))[0]?.[0] ?? this.#lastId;
  }

  async #tail(): Promise<string> {
    return (await this.#options.redis.xrevrange(this.#stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
  }

  /** Replaces a QueueEvents that is behind the stream and has read nothing since the last check. */
  async #check(): Promise<void> {
    const { onError } = this.#options;
    const read = this.#lastId;
    const end = this.listening() ? await this.#tail() : read;
    if (isLater(end, read) && read === this.#lastChecked && this.#lastId === read) {
      onError(new OwnError(`the event reader stopped at ${read}; the stream is at ${end}`));
      this.#events?.close().catch(onError);
    }
    this.#lastChecked = read;
  }
}

/**
 * Whether a stream's id is later than another. A Redis that lost its last seconds ends before what
 * was read from it.
 */
function isLater(id: string, other: string): boolean {
  const [[ms = 0, n = 0], [otherMs = 0, otherN = 0]] = [id, other].map((text) => text.split('-').map(Number)) as [number[], number[]];
  return ms > otherMs || (ms === otherMs && n > otherN);
}
