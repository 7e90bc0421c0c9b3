/** The followers of one job: where each stands in the job's events, and which frames it is sent next. */
import type { JournalRow } from '../job/snapshot.ts';
import type { JobView } from '../queue/read-job.ts';
import type { Connection, Connections } from './connections.ts';
import { endFrame, resetFrame, rowFrame, statusFrame, statusKey } from './job-frames.ts';

/** A client that follows a job. */
export type Follower = {
  /** The sequence number of the last row it was sent. */
  seq: number;
  /** The status that it was sent last, as a key; '' before the first one. */
  lastStatus: string;
  /** There once its stream is open. */
  connection?: Connection;
};

/** A reading of the job, for the followers. */
export type Reading = JobView & {
  /** The rows of the reading come after this one. */
  after: number;
  /** The highest row that a follower held when the reading began. */
  held: number;
  /** When the job will have ended, in s; undefined where that is not known. */
  etaSeconds: number | undefined;
};

/** The followers of one job. */
export type JobChannel = {
  readonly jobId: string;
  readonly followers: ReadonlySet<Follower>;
  add(follower: Follower): void;
  remove(follower: Follower): void;
  /** Sends a row to those for whom it is the next one. Returns whether somebody lacks a row before it. */
  sendRow(row: JournalRow): boolean;
  /**
   * Sends what a reading shows and a follower has not seen, to all or to one. Whoever holds rows that the journal does not
   * have (any more) is sent a reset. Returns whether somebody needs rows from before the reading.
   */
  sendReading(reading: Reading, only?: Follower): boolean;
  /** The last rows of those who are furthest behind and furthest ahead; undefined while no stream is open. */
  span(): { lowest: number; highest: number } | undefined;
  /** Ends all streams without an end of the job: the job is gone. */
  disconnectAll(): void;
};

const encoder = new TextEncoder();

/** Makes a channel without followers. `onEmpty` is called when the last one has left. */
export function createJobChannel(jobId: string, connections: Connections, onEmpty: () => void): JobChannel {
  const followers = new Set<Follower>();
  /** The last row that was sent as it happened. If Redis has another one in its place, it lost rows that followers have seen. */
  let sent: { seq: number; frame: string } | undefined;

  const remove = (follower: Follower): void => {
    if (follower.connection) connections.remove(follower.connection);
    if (followers.delete(follower) && followers.size === 0) onEmpty();
  };

  const disconnect = (follower: Follower): void => {
    remove(follower);
    follower.connection?.sink.close();
  };

  /** Tells a follower to drop all that it holds: everything is sent again. */
  const reset = (follower: Follower): void => {
    follower.seq = 0;
    follower.lastStatus = '';
    follower.connection?.sink.write(encoder.encode(resetFrame(jobId)));
  };

  const isRewritten = ({ rows }: Reading): boolean => {
    const row = sent && rows.find(({ seq }) => seq === sent?.seq);
    return row !== undefined && rowFrame(jobId, row) !== sent?.frame;
  };

  return {
    jobId,
    followers,
    add: (follower) => void followers.add(follower),
    remove,

    sendRow(row) {
      let bytes: Uint8Array | undefined; // encoded for the first who needs it
      let gap = false;
      for (const follower of followers) {
        if (!follower.connection || row.seq <= follower.seq) continue;
        if (row.seq === follower.seq + 1) {
          if (!bytes) {
            sent = { seq: row.seq, frame: rowFrame(jobId, row) };
            bytes = encoder.encode(sent.frame);
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
      const framesFor = framesOf(reading);
      let last: { status: string; seq: number; bytes: Uint8Array } | undefined; // mostly all need the same
      let behind = false;
      // A row can be sent while the reading is on its way: only what was held before can have been lost.
      const shrunk = reading.held > snapshot.length;
      const rewritten = isRewritten(reading);
      if (shrunk || rewritten) sent = undefined;
      for (const follower of only ? [only] : followers) {
        const { connection, seq, lastStatus } = follower;
        if (!connection) continue;
        if (rewritten || (shrunk && seq > snapshot.length)) {
          reset(follower);
          behind = true;
          continue;
        }
        if (seq < after) {
          behind = true; // it came while the reading was on its way
          continue;
        }
        if (last?.status !== lastStatus || last.seq !== seq) {
          last = { status: lastStatus, seq, bytes: encoder.encode(framesFor(lastStatus, seq)) };
        }
        follower.lastStatus = status;
        follower.seq = Math.max(seq, snapshot.length);
        if (last.bytes.length > 0) connection.sink.write(last.bytes);
        if (snapshot.end) disconnect(follower);
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
}

/** Makes the function that gives the frames of a reading which a follower needs, by its last status and its last row. */
function framesOf({ snapshot, rows, etaSeconds }: Reading): (lastStatus: string, seq: number) => string {
  const status = statusFrame(snapshot, etaSeconds);
  const frames = rows.map((row) => ({ seq: row.seq, frame: rowFrame(snapshot.id, row) }));
  const end = snapshot.end && endFrame(snapshot.id, snapshot.end);
  return (lastStatus, seq) => {
    // An end needs no status beside it, but the first frame is always a status.
    const needsStatus = lastStatus === '' || (lastStatus !== statusKey(snapshot) && !end);
    const rest = frames.filter((row) => row.seq > seq).map(({ frame }) => frame);
    return [...(needsStatus ? [status] : []), ...rest, ...(end === undefined ? [] : [end])].join('');
  };
}
