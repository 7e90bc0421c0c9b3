/** The followers of one job: which row each has, and which frames it is sent next. */
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import type { JobView } from '../jobs/read-job.ts';
import type { Connection, Connections, Sink } from './connections.ts';
import { endFrame, liveFrame, resetFrame, rowFrame, statusFrame, statusKey } from './job-frames.ts';

/** Returns a value of a job (a result, an item) as a client gets it: with the addresses of output files. */
export type PutAddresses = <T>(value: T) => T;

/** Makes that for a job; undefined if its values are sent as they are stored. */
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
export type Reading = JobView & {
  /** The reading has the rows after this sequence number. */
  after: number;
  /** The highest sequence number that a follower had when the reading began. */
  held: number;
  /** When the job will have ended, in s from now; undefined if that can't be estimated. */
  etaSeconds: number | undefined;
};

/** The followers of one job. */
export type JobChannel = {
  readonly jobId: string;
  readonly followers: ReadonlySet<Follower>;
  /** How values of the job are sent; undefined: as they are stored. It is set before the first stream is open. */
  putAddresses: PutAddresses | undefined;
  add(follower: Follower): void;
  remove(follower: Follower): void;
  /** Sends a row to the followers for whom it is the next one. Returns whether a follower lacks a row before it. */
  sendRow(row: JournalRow): boolean;
  /**
   * Sends to all followers, or to one, what the reading has and they do not. A follower that has rows which the journal
   * does not have (any more) is sent a reset. Returns whether a follower needs rows from before the reading.
   */
  sendReading(reading: Reading, only?: Follower): boolean;
  /** The lowest and the highest sequence number that a follower has; undefined while no stream is open. */
  span(): { lowest: number; highest: number } | undefined;
  /** Ends all streams because the job does not exist any more. They get no end event. */
  disconnectAll(): void;
};

const encoder = new TextEncoder();

/** What a channel tells of. `onEmpty`: the last follower has left. `onEndSent`: a client was sent the end. */
export type ChannelEvents = { onEmpty: () => void; onEndSent: OnEndSent };

/** A client was sent the end of its job. */
export type OnEndSent = (job: Snapshot, sink: Sink) => void;

/** Makes a channel without followers. */
export function createJobChannel(jobId: string, connections: Connections, { onEmpty, onEndSent }: ChannelEvents): JobChannel {
  const followers = new Set<Follower>();
  /** The last row that was sent on a signal. If Redis has another row at its place, it has lost rows that followers have. */
  let sent: { seq: number; frame: string } | undefined;

  const remove = (follower: Follower): void => {
    if (follower.connection) connections.remove(follower.connection);
    if (followers.delete(follower) && followers.size === 0) onEmpty();
  };

  const disconnect = (follower: Follower): void => {
    remove(follower);
    follower.connection?.sink.close();
  };

  /** Tells a follower to drop all rows. After that everything is sent again. */
  const reset = (follower: Follower): void => {
    follower.seq = 0;
    follower.lastStatus = '';
    follower.live = false;
    follower.connection?.sink.write(encoder.encode(resetFrame(jobId)));
  };

  const isRewritten = ({ rows }: Reading): boolean => {
    const row = sent && rows.find(({ seq }) => seq === sent?.seq);
    return row !== undefined && rowFrame(jobId, row) !== sent?.frame;
  };

  const channel: JobChannel = {
    jobId,
    followers,
    putAddresses: undefined,
    add: (follower) => void followers.add(follower),
    remove,

    sendRow(row) {
      let bytes: Uint8Array | undefined; // encoded once, when the first follower needs it
      let gap = false;
      for (const follower of followers) {
        if (!follower.connection || row.seq <= follower.seq) continue;
        if (row.seq === follower.seq + 1) {
          if (!bytes) {
            sent = { seq: row.seq, frame: rowFrame(jobId, row) };
            bytes = encoder.encode(channel.putAddresses ? rowFrame(jobId, channel.putAddresses(row)) : sent.frame);
          }
          follower.seq = row.seq;
          follower.connection.sink.write(bytes);
        } else gap = true;
      }
      return gap;
    },

    sendReading(reading, only) {
      const { snapshot, after } = reading;
      const status = statusKey(snapshot);
      const framesFor = framesOf(reading, channel.putAddresses);
      let last: { needs: string; bytes: Uint8Array } | undefined; // most followers need the same bytes
      let behind = false;
      // A row can be sent during the reading and be newer than it. So only rows that were there before the reading can be lost.
      const shrunk = reading.held > snapshot.length;
      const rewritten = isRewritten(reading);
      if (shrunk || rewritten) sent = undefined;
      for (const follower of only ? [only] : followers) {
        const { connection, seq, lastStatus, live } = follower;
        if (!connection) continue;
        if (rewritten || (shrunk && seq > snapshot.length)) {
          reset(follower);
          behind = true;
          continue;
        }
        if (seq < after) {
          behind = true; // the follower came during the reading
          continue;
        }
        const needs = `${seq} ${live} ${lastStatus}`;
        if (last?.needs !== needs) {
          const news = live || snapshot.end ? '' : liveFrame(jobId); // an end says it, too
          last = { needs, bytes: encoder.encode(framesFor(lastStatus, seq) + news) };
        }
        follower.lastStatus = status;
        follower.live = true;
        follower.seq = Math.max(seq, snapshot.length);
        if (last.bytes.length > 0) connection.sink.write(last.bytes);
        if (!snapshot.end) continue;
        onEndSent(snapshot, connection.sink);
        disconnect(follower);
      }
      return behind;
    },

    span() {
      const held = [...followers].flatMap(({ connection, seq }) => (connection ? [seq] : []));
      return held.length === 0 ? undefined : { lowest: Math.min(...held), highest: Math.max(...held) };
    },

    disconnectAll() {
      for (const follower of followers) if (follower.connection) disconnect(follower);
    },
  };
  return channel;
}

const asStored: PutAddresses = (value) => value;

/** Makes the function that returns which frames of a reading a follower needs, by its last status and its last row. */
function framesOf(
  { snapshot, rows, etaSeconds }: Reading,
  putAddresses: PutAddresses = asStored,
): (lastStatus: string, seq: number) => string {
  const status = statusFrame(snapshot, etaSeconds);
  const frames = rows.map((row) => ({ seq: row.seq, frame: rowFrame(snapshot.id, putAddresses(row)) }));
  const end = snapshot.end && endFrame(snapshot.id, putAddresses(snapshot.end));
  return (lastStatus, seq) => {
    // The first frame is always a status. After that an end is sent without a status beside it.
    const needsStatus = lastStatus === '' || (lastStatus !== statusKey(snapshot) && !end);
    const rest = frames.filter((row) => row.seq > seq).map(({ frame }) => frame);
    return [...(needsStatus ? [status] : []), ...rest, ...(end === undefined ? [] : [end])].join('');
  };
}
