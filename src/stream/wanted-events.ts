/**
 * BullMQ's backend for QueueEvents, which hands it only the events that this process wants. Each
 * process reads the events of all jobs, and follows few of them.
 */
import { type BackendFactory, createIORedisClient, QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq';
import { inTime } from '../store/pauses.ts';
import type { RedisClient } from '../store/redis-client.ts';

/** What an event says of a job. */
export type EventTopic = 'row' | 'added' | 'moved' | 'ended';

/** Which events somebody in this process wants. Both are asked for each reading. */
export type Interest = {
  /**
   * How soon: `now` while a client waits for events, `soon` while only work in the background does,
   * `never` while nobody does.
   */
  when(): 'now' | 'soon' | 'never';
  /** Whether somebody wants this of a job. */
  has(jobId: string, topic: EventTopic): boolean;
};

/** Where QueueEvents reads. */
export type EventPosition = {
  /** Resolves with the id after which to read, once somebody wants to know of events. */
  next(): Promise<string>;
  /** All events up to this id were read. */
  reached(id: string): void;
};

/** What each of BullMQ's events says. Those that are not here are of no job. */
const TOPICS: Readonly<Record<string, EventTopic>> = {
  progress: 'row',
  waiting: 'moved',
  active: 'moved',
  delayed: 'moved',
  stalled: 'moved',
  completed: 'ended',
  failed: 'ended',
  removed: 'ended',
};

/** BullMQ's events of the whole queue, after which each job may be paused or is not any more. */
const OF_ALL: ReadonlySet<string> = new Set(['paused', 'resumed']);

/** How much longer than it asked for a reading may take, in ms (as in redis-time-backend.ts). */
const LATE_MS = 4000;

/** The backend. Events that nobody wants cost neither a parse of their data nor a call of listeners. */
class WantedEvents extends RedisQueueBackend {
  readonly #interest: Interest;
  readonly #position: EventPosition;

  constructor(interest: Interest, position: EventPosition, ...parts: ConstructorParameters<typeof RedisQueueBackend>) {
    super(...parts);
    this.#interest = interest;
    this.#position = position;
  }

  /** Reads on from the own position: QueueEvents knows only the events that it was given. */
  override async readEvents(_after: string, blockMs: number): ReturnType<RedisQueueBackend['readEvents']> {
    const reply = await inTime(super.readEvents(await this.#position.next(), blockMs), blockMs + LATE_MS);
    const [stream, entries = []] = reply?.[0] ?? [''];
    const last = entries.at(-1);
    if (!last) return null;
    this.#position.reached(last[0]);
    const wanted = entries.filter(([, fields]) => this.#isWanted(fields));
    return wanted.length > 0 ? [[stream, wanted]] : null;
  }

  #isWanted(fields: string[]): boolean {
    const event = valueOf('event', fields) ?? '';
    if (OF_ALL.has(event)) return true;
    const topic = TOPICS[event];
    const jobId = valueOf('jobId', fields);
    if (topic === undefined || jobId === undefined) return false;
    return this.#interest.has(jobId, topic === 'moved' && isAdded(fields) ? 'added' : topic);
  }
}

/** Names and values stand in turn. */
function valueOf(name: string, fields: string[]): string | undefined {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === name) return fields[at + 1];
  return undefined;
}

/** A job that waits and was in no state before is a new one. */
function isAdded(fields: string[]): boolean {
  return valueOf('event', fields) === 'waiting' && valueOf('prev', fields) === undefined;
}

/** Makes the factory of the backend. It waits on a connection of its own, like `pattern`. */
export function wantedEvents(
  pattern: RedisClient,
  keyPrefix: string,
  interest: Interest,
  position: EventPosition,
): BackendFactory<RedisQueueBackend> {
  return (queueName, opts) => {
    const keys = new QueueKeys(keyPrefix);
    return new WantedEvents(
      interest,
      position,
      new RedisConnection(createIORedisClient(pattern).duplicate(), { shared: false, blocking: true }),
      queueName,
      keys.getKeys(queueName),
      (type) => keys.toKey(queueName, type),
      opts,
    );
  };
}
