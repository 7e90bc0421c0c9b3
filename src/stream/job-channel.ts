/** The followers of one job: which row each has, and which frames it is sent next. */
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import { type Connection, type Connections, finishStream, type Sink, type StreamEnd } from './connections.ts';
import type { Framed, Framing, JobReading, Place, PutAddresses } from './framing.ts';
import { rowFrame, statusKey } from './job-frames.ts';

/**
 * Makes the function that puts addresses into a job's values; undefined if they are sent as they
 * are stored.
 */
export type Addressing = (jobId: string) => Promise<PutAddresses | undefined>;

/** A client that follows a job. */
export type Follower = Place & {
  /** Its protocol. */
  framing: Framing;
  /** Its open stream; absent before that. */
  connection?: Connection;
};

/**
 * Called by a channel: `onEmpty` when the last follower has left, `onEndSent` when a client was
 * sent the job's end.
 */
export type ChannelEvents = { onEmpty: () => void; onEndSent: OnEndSent };

/** A client was sent the end of its job. */
export type OnEndSent = (job: Snapshot, sink: Sink) => void;

/** The followers of one job. */
export class JobChannel {
  readonly jobId: string;
  /**
   * How values of the job are sent; undefined: as they are stored. It is set before the first
   * stream is open.
   */
  putAddresses: PutAddresses | undefined;
  readonly #followers = new Set<Follower>();
  readonly #connections: Connections;
  readonly #events: ChannelEvents;
  /**
   * The last row that was sent on a signal. If Redis has another row at its place, it has lost rows
   * that followers have.
   */
  #sent: JournalRow | undefined;

  constructor(jobId: string, connections: Connections, events: ChannelEvents) {
    this.jobId = jobId;
    this.#connections = connections;
    this.#events = events;
  }

  get isEmpty(): boolean {
    return this.#followers.size === 0;
  }

  /** How many there are. */
  get size(): number {
    return this.#followers.size;
  }

  has(follower: Follower): boolean {
    return this.#followers.has(follower);
  }

  add(follower: Follower): void {
    this.#followers.add(follower);
  }

  /**
   * The framing of this name that a follower has already, so that what it makes is shared; else this
   * one.
   */
  sharedFraming(framing: Framing): Framing {
    for (const { framing: known } of this.#followers) if (known.name === framing.name) return known;
    return framing;
  }

  remove(follower: Follower, why: StreamEnd): void {
    if (follower.connection) this.#connections.remove(follower.connection, why);
    if (this.#followers.delete(follower) && this.isEmpty) this.#events.onEmpty();
  }

  /**
   * Sends a row to the followers for whom it is the next one. Returns whether a follower lacks a
   * row before it. `writtenAt`: when the row was written, by Redis' clock, in ms.
   */
  sendRow(row: JournalRow, writtenAt: number): boolean {
    const { events } = this.#connections;
    const framed = this.#framesOf(row);
    let gap = false;
    for (const follower of this.#followers) {
      if (!follower.connection || row.seq <= follower.seq) continue;
      const next = row.seq === follower.seq + 1 ? framed(follower) : undefined;
      if (next) {
        follower.seq = row.seq;
        follower.at = next.at;
        this.#sent = row;
        if (next.bytes.length > 0) follower.connection.sink.write(next.bytes);
        events.sent(follower.connection.type, 1);
      } else gap = true;
    }
    if (this.#sent === row) events.rowSent(writtenAt);
    return gap;
  }

  /** Makes the function that encodes a row once for all followers of one framing at one place. */
  #framesOf(row: JournalRow): (follower: Follower) => Framed | undefined {
    const made: { framing: Framing; at: number; framed: Framed | undefined }[] = [];
    return ({ framing, at }) => {
      for (const known of made) if (known.framing === framing && known.at === at) return known.framed;
      const framed = framing.row(this.jobId, row, at, this.putAddresses ?? asStored);
      made.push({ framing, at, framed });
      return framed;
    };
  }

  /**
   * Sends to all followers, or to one, what the reading has and they do not. A follower that has
   * rows which the journal does not have (any more) is sent a reset. Returns whether a follower
   * needs rows from before the reading.
   */
  sendReading(reading: JobReading, only?: Follower): boolean {
    const { snapshot, after } = reading;
    const status = statusKey(snapshot);
    const framed = framesOf(reading, this.putAddresses);
    // A row can be sent during the reading and be newer than it. So only rows that were there
    // before the reading can be lost.
    const shrunk = reading.held > snapshot.length;
    const rewritten = this.#isRewritten(reading);
    if (shrunk || rewritten) this.#sent = undefined;
    let behind = false;
    for (const follower of only ? [only] : this.#followers) {
      if (!follower.connection) continue;
      const lost = rewritten || (shrunk && follower.seq > snapshot.length);
      if (lost) this.reset(follower, follower.connection);
      if (lost || firstOf(follower) < after) behind = true; // it has to begin anew, or it came during the reading
      else {
        const next = framed(follower);
        follower.lastStatus = status;
        follower.at = next.at;
        this.#send(follower, follower.connection, snapshot, next.bytes);
      }
    }
    return behind;
  }

  #isRewritten({ rows }: JobReading): boolean {
    const sent = this.#sent;
    const row = sent && rows.find(({ seq }) => seq === sent.seq);
    return row !== undefined && sent !== undefined && rowFrame(this.jobId, row) !== rowFrame(this.jobId, sent);
  }

  /**
   * Tells a follower to drop all rows; after that everything is sent again. Its stream ends if its
   * protocol can't say that.
   */
  reset(follower: Follower, { sink }: Connection): void {
    Object.assign(follower, { seq: 0, at: 0, lastStatus: '', live: false });
    if (follower.framing.reset) sink.write(follower.framing.reset(this.jobId));
    else this.#disconnect(follower, 'gone');
  }

  #send(follower: Follower, { sink, type }: Connection, snapshot: Snapshot, bytes: Uint8Array): void {
    follower.live = true;
    this.#connections.events.sent(type, Math.max(snapshot.length - follower.seq, 0) + (snapshot.end ? 1 : 0));
    follower.seq = Math.max(follower.seq, snapshot.length);
    if (bytes.length > 0) sink.write(bytes);
    if (!snapshot.end) return;
    this.#events.onEndSent(snapshot, sink);
    this.#disconnect(follower, 'ended', !follower.framing.breaksAfter?.(snapshot.end.outcome));
  }

  /**
   * The sequence number after which a reading has to begin, and the highest one that a follower
   * has; undefined while no stream is open.
   */
  span(): { lowest: number; highest: number } | undefined {
    const open = [...this.#followers].filter(({ connection }) => connection);
    return open.length === 0 ? undefined : { lowest: Math.min(...open.map(firstOf)), highest: Math.max(...open.map(({ seq }) => seq)) };
  }

  /** Ends all streams because the job does not exist any more. They get no end event. */
  disconnectAll(): void {
    for (const follower of this.#followers) if (follower.connection) this.#disconnect(follower, 'gone');
  }

  #disconnect(follower: Follower, why: StreamEnd, whole = false): void {
    this.remove(follower, why);
    if (!follower.connection) return;
    if (whole) follower.connection.sink.close();
    else finishStream(follower.connection);
  }
}

const asStored: PutAddresses = (value) => value;

/** The sequence number after which a follower needs rows. */
function firstOf({ framing, seq }: Follower): number {
  return framing.reads === 'all' ? 0 : seq;
}

/** Makes the function that returns what a follower lacks of a reading. */
function framesOf(reading: JobReading, putAddresses: PutAddresses = asStored): (follower: Follower) => Framed {
  const made = new Map<Framing, (place: Place) => Framed>();
  return (follower) => {
    const { framing } = follower;
    let framed = made.get(framing);
    if (!framed) made.set(framing, (framed = framing.reading(reading, putAddresses)));
    return framed(follower);
  };
}
