/** The event reader: one supervised QueueEvents for the whole process. */
import { QueueEvents } from 'bullmq';
import type { JournalRow } from '../job/snapshot.ts';
import { OwnError } from '../job/own-error.ts';
import { keysUnder, QUEUE_NAME } from '../store/keys.ts';
import { LoopAge } from '../store/loop-age.ts';
import { BLOCK_MS } from '../store/patience.ts';
import { isNumberedRow } from '../job/record.ts';
import { Pauses } from '../store/pauses.ts';
import { type Interest, wantedEvents } from './wanted-events.ts';
import type { RedisClient } from '../store/redis-client.ts';

/** What the reader reports of jobs. */
export type JobSignal =
  /** A row was appended to a job's journal; here it is. `writtenAt`: when, by Redis' clock, in ms. */
  | { type: 'row'; jobId: string; row: JournalRow; writtenAt: number }
  /** A job was added, its state is another now, or it has ended: read it. */
  | { type: 'changed'; jobId: string; change: 'added' | 'moved' | 'ended' }
  /** An operator has paused or resumed something: each job that waits may be shown otherwise. */
  | { type: 'paused' }
  /** Signals may have been missed: read every job that matters. */
  | { type: 'missed' };

/** The connections of an event reader, and where its signals go. */
export type EventReaderOptions = {
  /** A connection that is not opened itself: each QueueEvents opens one like it, to wait on. */
  pattern: RedisClient;
  /** The connection of everyday commands. */
  redis: RedisClient;
  keyPrefix: string;
  /** Which events are signalled. */
  interest: Interest;
  onSignal: (signal: JobSignal) => void;
  onError: (error: unknown) => void;
};

/** BullMQ events after which a job's state is another. */
const MOVES = ['active', 'delayed', 'stalled'] as const;
const ENDS = ['completed', 'failed', 'removed'] as const;

/** How often the last event that was read is compared with the stream's last one, in ms. */
const CHECK_MS = 5000;

/**
 * How long a reading is put off while nobody waits for events at once, in ms: Redis then wakes the
 * process once for many events.
 */
const SOON_MS = 50;

/** The longest pause before a reader is started again, in ms; the first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/**
 * The reader runs from when it is made. It begins after the stream's last event and not at `$`:
 * there, a connection that is lost before its first event would lose events. While nobody wants
 * events it rests, and goes on from the stream's end. One malformed event ends BullMQ's QueueEvents
 * for good; the next one starts after what was read with it, with a `missed` signal. A QueueEvents
 * that is connected and reads nothing while the stream goes on is replaced, too.
 */
export class EventReader {
  readonly #options: EventReaderOptions;
  readonly #stream: string;
  readonly #checking: ReturnType<typeof setInterval>;
  #events: QueueEvents | undefined;
  #isListening = (): boolean => false;
  /** The last event that was read; '' before the first one. */
  #lastId = '';
  /** The last id at the last check. */
  #lastChecked = '';
  readonly #pauses = new Pauses();
  /** Ends the rest, with the id after which to read; undefined while it does not rest. */
  #endRest: ((from: Promise<string>) => void) | undefined;
  /** How many QueueEvents ended since the last event was read. */
  #failures = 0;
  #restarts = 0;
  readonly #age = new LoopAge();
  #closed = false;

  constructor(options: EventReaderOptions) {
    this.#options = options;
    this.#stream = keysUnder(options.keyPrefix).of('events');
    this.#checking = setInterval(() => void this.#check().catch(options.onError), CHECK_MS);
    void this.#supervise();
  }

  /** Whether it is reading now, or rests because nobody wants events. */
  listening(): boolean {
    return this.#isListening() && this.#age.isAlive();
  }

  /** For how long it has been expected to read, in ms. */
  ageMs(): number {
    return this.#age.ageMs();
  }

  /**
   * When the oldest event was written that is not read, by
   * Redis' clock, in ms; undefined if there is none.
   */
  async oldestUnread(): Promise<number | undefined> {
    const read = this.#lastId;
    if (read === '') return undefined; // it rests, or has not begun
    const [next] = await this.#options.redis.xrange(this.#stream, `(${read}`, '+', 'COUNT', 1);
    return next && momentOf(next[0]);
  }

  /** Redis is back: it has to read again before it counts as reading. */
  begin(): void {
    this.#age.begin();
  }

  /** How often the reader had to be started again. */
  restarts(): number {
    return this.#restarts;
  }

  /**
   * Somebody wants events from now on. It has to be called before the job is read over the
   * connection of everyday commands: what happened before is then in the reading, and what happens
   * after it is signalled.
   */
  wake(): void {
    this.#endRest?.(this.#tail());
    this.#endRest = undefined;
    this.#pauses.wake();
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
        await this.#read();
      } catch (error) {
        this.#options.onError(error); // Redis is away, or an event is malformed
      }
      this.#failures++;
      if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, Math.min(20 * this.#failures, MAX_PAUSE_MS)));
    }
  }

  /** Reads until QueueEvents ends. */
  async #read(): Promise<void> {
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
      await events.run();
    } finally {
      this.#isListening = () => false;
      events.close().catch(onError);
    }
  }

  #open(): QueueEvents {
    const { pattern, keyPrefix, interest, onError } = this.#options;
    const position = { next: () => this.#next(), reached: (id: string) => this.#reached(id) };
    const options = { connection: pattern, prefix: keyPrefix, autorun: false, blockingTimeout: BLOCK_MS };
    const events = new QueueEvents(QUEUE_NAME, options, wantedEvents(pattern, keyPrefix, interest, position));
    const changed = (jobId: string, change: 'added' | 'moved' | 'ended') => this.#signal({ type: 'changed', jobId, change });
    events.on('error', onError);
    events.on('progress', ({ jobId, data }, id) => {
      const row: unknown = data;
      if (isNumberedRow(row)) this.#signal({ type: 'row', jobId, row, writtenAt: momentOf(id) });
      else changed(jobId, 'moved');
    });
    events.on('waiting', ({ jobId, prev }) => changed(jobId, prev === undefined ? 'added' : 'moved'));
    for (const event of ['paused', 'resumed'] as const) events.on(event, () => this.#signal({ type: 'paused' }));
    for (const event of MOVES) events.on(event, ({ jobId }: { jobId: string }) => changed(jobId, 'moved'));
    for (const event of ENDS) events.on(event, ({ jobId }: { jobId: string }) => changed(jobId, 'ended'));
    return events;
  }

  #signal(signal: JobSignal): void {
    try {
      this.#options.onSignal(signal);
    } catch (error) {
      this.#options.onError(error); // the reader goes on
    }
  }

  /** Waits until events are wanted. Resolves with the id after which to read. */
  async #next(): Promise<string> {
    const { interest } = this.#options;
    this.#age.round();
    if (interest.when() === 'soon') await this.#pauses.pause(SOON_MS);
    if (interest.when() === 'never') {
      this.#lastId = '';
      this.#age.rest();
      this.#lastId = await new Promise<string>((resolve) => (this.#endRest = resolve)).catch((error: unknown) => {
        this.#events?.close().catch(this.#options.onError); // the next one begins with a `missed` signal
        throw error;
      });
    }
    this.#age.round();
    return this.#lastId;
  }

  #reached(id: string): void {
    this.#lastId = id;
    this.#failures = 0;
  }

  async #tail(): Promise<string> {
    return (await this.#options.redis.xrevrange(this.#stream, '+', '-', 'COUNT', 1))[0]?.[0] ?? '0-0';
  }

  /** Replaces a QueueEvents that is behind the stream and has read nothing since the last check. */
  async #check(): Promise<void> {
    const { onError } = this.#options;
    const read = this.#lastId;
    const end = this.listening() && read !== '' ? await this.#tail() : read;
    if (isLater(end, read) && read === this.#lastChecked && this.#lastId === read) {
      onError(new OwnError(`the event reader stopped at ${read}; the stream is at ${end}`));
      this.#events?.close().catch(onError);
    }
    this.#lastChecked = read;
  }
}

/** When an entry of a stream was written, in ms: its id begins with it. */
function momentOf(id: string): number {
  return Number.parseInt(id, 10);
}

/**
 * Whether a stream's id is later than another. A Redis that lost its last seconds ends before what
 * was read from it.
 */
function isLater(id: string, other: string): boolean {
  const [[ms = 0, n = 0], [otherMs = 0, otherN = 0]] = [id, other].map((text) => text.split('-').map(Number)) as [number[], number[]];
  return ms > otherMs || (ms === otherMs && n > otherN);
}
