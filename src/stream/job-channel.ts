/** The followers of one job: which row each has, and which frames it is sent next. */
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { Connection, Connections, Sink, StreamEnd } from './connections.ts';
import { endFrame, liveFrame, resetFrame, rowFrame, statusFrame, statusKey } from './job-frames.ts';

/**
 * Returns a value of a job (a result, an item) as a client gets it: with the addresses of output
 * files.
 */
export type PutAddresses = <T>(value: T) => T;

/**
 * Makes the function that puts addresses into a job's values; undefined if they are sent as they
 * are stored.
 */
export type Addressing = (jobId: string) => Promise<PutAddresses | undefined>;

/** A client that follows a job. */
export type Follower = {
  /** The sequence number of the last row it was sent. */
  seq: number;
  /** The last status it was sent, as a key (see statusKey); '' before the first one. */
  lastStatus: string;
  /** Whether it has been sent all that it had missed. */
  live: boolean;
  /** Its open stream; absent before that. */
  connection?: Connection;
};

/** The job as it was read for its followers. */
export type JobReading = JobView & {
  /** The reading has the rows after this sequence number. */
  after: number;
  /** The highest sequence number that a follower had when the reading began. */
  held: number;
  /** When the job will have ended, in s from now; undefined if that can't be estimated. */
  etaSeconds: number | undefined;
};

/**
 * Called by a channel: `onEmpty` when the last follower has left, `onEndSent` when a client was
 * sent the job's end.
 */
export type ChannelEvents = { onEmpty: () => void; onEndSent: OnEndSent };

/** A client was sent the end of its job. */
export type OnEndSent = (job: Snapshot, sink: Sink) => void;

const encoder = new TextEncoder();

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
  #sent: { seq: number; frame: string } | undefined;

  constructor(jobId: string, connections: Connections, events: ChannelEvents) {
    this.jobId = jobId;
    this.#connections = connections;
    this.#events = events;
  }

  get isEmpty(): boolean {
    return this.#followers.size === 0;
  }

  has(follower: Follower): boolean {
    return this.#followers.has(follower);
  }

  add(follower: Follower): void {
    this.#followers.add(follower);
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
    let bytes: Uint8Array | undefined; // encoded once, when the first follower needs it
    let gap = false;
    for (const follower of this.#followers) {
      if (!follower.connection || row.seq <= follower.seq) continue;
      if (row.seq === follower.seq + 1) {
        bytes ??= this.#encodeRow(row);
        follower.seq = row.seq;
        follower.connection.sink.write(bytes);
        events.sent(follower.connection.type, 1);
      } else gap = true;
    }
    if (bytes) events.rowSent(writtenAt);
    return gap;
  }

  #encodeRow(row: JournalRow): Uint8Array {
    const frame = rowFrame(this.jobId, row);
    this.#sent = { seq: row.seq, frame };
    return encoder.encode(this.putAddresses ? rowFrame(this.jobId, this.putAddresses(row)) : frame);
  }

  /**
   * Sends to all followers, or to one, what the reading has and they do not. A follower that has
   * rows which the journal does not have (any more) is sent a reset. Returns whether a follower
   * needs rows from before the reading.
   */
  sendReading(reading: JobReading, only?: Follower): boolean {
    const { snapshot, after } = reading;
    const status = statusKey(snapshot);
    const bytesFor = bytesOf(reading, this.putAddresses);
    // A row can be sent during the reading and be newer than it. So only rows that were there
    // before the reading can be lost.
    const shrunk = reading.held > snapshot.length;
    const rewritten = this.#isRewritten(reading);
    if (shrunk || rewritten) this.#sent = undefined;
    let behind = false;
    for (const follower of only ? [only] : this.#followers) {
      if (!follower.connection) continue;
      const lost = rewritten || (shrunk && follower.seq > snapshot.length);
      if (lost) this.#reset(follower, follower.connection);
      if (lost || follower.seq < after) behind = true; // it has to begin anew, or it came during the reading
      else {
        const bytes = bytesFor(follower);
        follower.lastStatus = status;
        this.#send(follower, follower.connection, snapshot, bytes);
      }
    }
    return behind;
  }

  #isRewritten({ rows }: JobReading): boolean {
    const sent = this.#sent;
    const row = sent && rows.find(({ seq }) => seq === sent.seq);
    return row !== undefined && rowFrame(this.jobId, row) !== sent?.frame;
  }

  /** Tells a follower to drop all rows. After that everything is sent again. */
  #reset(follower: Follower, { sink }: Connection): void {
    Object.assign(follower, { seq: 0, lastStatus: '', live: false });
    sink.write(encoder.encode(resetFrame(this.jobId)));
  }

  #send(follower: Follower, { sink, type }: Connection, snapshot: Snapshot, bytes: Uint8Array): void {
    follower.live = true;
    this.#connections.events.sent(type, Math.max(snapshot.length - follower.seq, 0) + (snapshot.end ? 1 : 0));
    follower.seq = Math.max(follower.seq, snapshot.length);
    if (bytes.length > 0) sink.write(bytes);
    if (!snapshot.end) return;
    this.#events.onEndSent(snapshot, sink);
    this.#disconnect(follower, 'ended');
  }

  /**
   * The lowest and the highest sequence number that a follower has; undefined while no stream is
   * open.
   */
  span(): { lowest: number; highest: number } | undefined {
    const held = [...this.#followers].flatMap(({ connection, seq }) => (connection ? [seq] : []));
    return held.length === 0 ? undefined : { lowest: Math.min(...held), highest: Math.max(...held) };
  }

  /** Ends all streams because the job does not exist any more. They get no end event. */
  disconnectAll(): void {
    for (const follower of this.#followers) if (follower.connection) this.#disconnect(follower, 'gone');
  }

  #disconnect(follower: Follower, why: StreamEnd): void {
    this.remove(follower, why);
    follower.connection?.sink.close();
  }
}

const asStored: PutAddresses = (value) => value;

/**
 * Makes the function that returns the bytes of a reading that a follower lacks, by its last status
 * and its last row.
 */
function bytesOf({ snapshot, rows, etaSeconds }: JobReading, putAddresses: PutAddresses = asStored): (follower: Follower) => Uint8Array {
  const status = statusFrame(snapshot, etaSeconds);
  const key = statusKey(snapshot);
  const frames = rows.map((row) => ({ seq: row.seq, frame: rowFrame(snapshot.id, putAddresses(row)) }));
  const end = snapshot.end && endFrame(snapshot.id, putAddresses(snapshot.end));
  let last: { needs: string; bytes: Uint8Array } | undefined; // most followers need the same bytes
  return ({ lastStatus, seq, live }) => {
    const needs = `${seq} ${live} ${lastStatus}`;
    if (last?.needs !== needs) {
      // The first frame is always a status. After that an end is sent without a status beside it.
      const needsStatus = lastStatus === '' || (lastStatus !== key && end === undefined);
      const missed = frames.filter((row) => row.seq > seq).map(({ frame }) => frame);
      const close = end ?? (live ? '' : liveFrame(snapshot.id)); // an end says, too, that nothing is missing
      last = { needs, bytes: encoder.encode([needsStatus ? status : '', ...missed, close].join('')) };
    }
    return last.bytes;
  };
}
