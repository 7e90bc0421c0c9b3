/** A channel: the followers of one job, each at its own place in the job's events, and what is due to each. */
import type { JournalRow } from '../jobs/event.ts';
import type { Look } from '../queue/look.ts';
import type { Crowd, Member } from './crowd.ts';
import { endFrame, resetFrame, rowFrame, statusFrame, statusKey } from './events.ts';

/** One who follows a job. */
export type Follower = {
  /** The last sequence number it was sent. */
  seq: number;
  /** What it was last told of the status; '' before the first time. */
  told: string;
  /** There once feeding has begun. */
  member?: Member;
};

/**
 * A look at the job: from which row on it looked, the highest row that a follower held when it began, and when the job
 * will have ended, in s.
 */
export type Seen = Look & { after: number; held: number; etaSeconds: number | undefined };

/** See the file's sentence. */
export type Channel = {
  readonly jobId: string;
  readonly followers: ReadonlySet<Follower>;
  join(follower: Follower): void;
  leave(follower: Follower): void;
  /** Sends a row to those it is next for; returns whether somebody lacks a row before it. */
  deliver(row: JournalRow): boolean;
  /**
   * Sends what a look shows and a follower has not seen, to all or to one. Whoever holds rows that the journal does not
   * have (any more) is sent a reset. Returns whether somebody needs rows from before the look.
   */
  bringUp(seen: Seen, only?: Follower): boolean;
  /** The last rows of those who are furthest behind and furthest ahead; undefined while nobody is fed. */
  span(): { lowest: number; highest: number } | undefined;
  /** Lets everyone go without an end: the job is gone. */
  letGo(): void;
};

const encoder = new TextEncoder();

/** Makes a channel without followers; `onEmpty` is called when the last one has left. */
export function createChannel(jobId: string, crowd: Crowd, onEmpty: () => void): Channel {
  const followers = new Set<Follower>();
  /** The last row that was sent as it happened: Redis must still have it, or it has lost rows that followers have seen. */
  let sent: { seq: number; frame: string } | undefined;

  const leave = (follower: Follower): void => {
    if (follower.member) crowd.leave(follower.member);
    if (followers.delete(follower) && followers.size === 0) onEmpty();
  };

  const finish = (follower: Follower): void => {
    leave(follower);
    follower.member?.sink.close();
  };

  /** What a follower holds is not what the journal says: it drops all and is sent everything again. */
  const reset = (follower: Follower): void => {
    follower.seq = 0;
    follower.told = '';
    follower.member?.sink.write(encoder.encode(resetFrame(jobId)));
  };

  const isRewritten = ({ rows }: Seen): boolean => {
    const row = sent && rows.find(({ seq }) => seq === sent?.seq);
    return row !== undefined && rowFrame(jobId, row) !== sent?.frame;
  };

  return {
    jobId,
    followers,
    join: (follower) => void followers.add(follower),
    leave,

    deliver(row) {
      let frame: Uint8Array | undefined; // encoded when the first is due it
      let gap = false;
      let text = '';
      for (const follower of followers) {
        if (!follower.member || row.seq <= follower.seq) continue;
        if (row.seq === follower.seq + 1) {
          frame ??= encoder.encode((text = rowFrame(jobId, row)));
          follower.seq = row.seq;
          follower.member.sink.write(frame);
        } else gap = true;
      }
      if (frame) sent = { seq: row.seq, frame: text };
      return gap;
    },

    bringUp(seen, only) {
      const { snapshot, after } = seen;
      const key = statusKey(snapshot);
      const dueTo = framesOf(seen);
      let last: { told: string; seq: number; frames: Uint8Array } | undefined; // mostly the same is due to all
      let behind = false;
      // A row can be sent while the look is on its way: only what was held before can have been lost.
      const shrunk = seen.held > snapshot.length;
      const rewritten = isRewritten(seen);
      if (shrunk || rewritten) sent = undefined;
      for (const follower of only ? [only] : followers) {
        const { member, seq, told } = follower;
        if (!member) continue;
        if (rewritten || (shrunk && seq > snapshot.length)) {
          reset(follower);
          behind = true;
          continue;
        }
        if (seq < after) {
          behind = true; // it came while the look was on its way
          continue;
        }
        if (last?.told !== told || last.seq !== seq) last = { told, seq, frames: encoder.encode(dueTo(told, seq)) };
        follower.told = key;
        follower.seq = Math.max(seq, snapshot.length);
        if (last.frames.length > 0) member.sink.write(last.frames);
        if (snapshot.end) finish(follower);
      }
      return behind;
    },

    span() {
      const places = [...followers].flatMap(({ member, seq }) => (member ? [seq] : []));
      return places.length === 0 ? undefined : { lowest: Math.min(...places), highest: Math.max(...places) };
    },

    letGo() {
      for (const follower of followers) if (follower.member) finish(follower);
    },
  };
}

/** What of a look is due to one who was told this of the status and has seen rows up to there. */
function framesOf({ snapshot, rows, etaSeconds }: Seen): (told: string, seq: number) => string {
  const status = statusFrame(snapshot, etaSeconds);
  const frames = rows.map((row) => ({ seq: row.seq, frame: rowFrame(snapshot.id, row) }));
  const end = snapshot.end && endFrame(snapshot.id, snapshot.end);
  return (told, seq) => {
    const news = told === '' || (told !== statusKey(snapshot) && !end) ? [status] : []; // an end speaks for itself
    const rest = frames.filter((row) => row.seq > seq).map(({ frame }) => frame);
    return [...news, ...rest, ...(end === undefined ? [] : [end])].join('');
  };
}
