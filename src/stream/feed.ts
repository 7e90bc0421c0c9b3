/** The feed: one doorbell, many followers. Each follower of a job gets every lasting event once, in order, and the end. */
import type { JournalRow, Snapshot } from '../jobs/event.ts';
import type { Look, LookAt } from '../queue/look.ts';
import type { Ring } from '../queue/doorbell.ts';
import type { Crowd, Member, Sink } from './crowd.ts';
import { endFrame, resetFrame, rowFrame, statusFrame, statusKey } from './events.ts';
import type { Cursor } from './frames.ts';

/** A follower before and while it is fed. */
export type Following = {
  /** The job when it was first looked at: after the follower was registered, so nothing falls between. */
  first: Snapshot;
  /** Whether the cursor stands at the job's end or past it: nothing is left to send. */
  over: boolean;
  /** Starts feeding: the truth of now, what the cursor has missed, then what happens. */
  feed(sink: Sink): void;
  /** Stops; the sink hears nothing more. */
  stop(): void;
};

/** A running feed. */
export type Feed = {
  /** Follows a job from a cursor (the last sequence number seen); undefined if there is no such job. */
  follow(jobId: string, cursor: Cursor): Promise<Following | undefined>;
  /** Takes what the doorbell rings. */
  ring(ring: Ring): void;
  /** Looks at every followed job again: no client waits for an end that has passed unheard. */
  reconcile(): void;
};

/** What a feed is made with. */
export type FeedOptions = {
  look: LookAt;
  crowd: Crowd;
  /** Estimates when a waiting job will have ended, in s from now. */
  eta: (snapshot: Snapshot) => Promise<number | undefined>;
  onError: (error: unknown) => void;
};

type Follower = {
  /** The last sequence number it was sent. */
  seq: number;
  /** What it was last told of the status; '' before the first time. */
  told: string;
  /** There once feeding has begun. */
  member?: Member;
};

/** The followers of one job. */
type Channel = {
  jobId: string;
  followers: Set<Follower>;
  /** How often it rang. */
  rings: number;
  /** The highest row that rang since the last look began. */
  heard: number;
  /** How many looks in a row have failed. */
  failures: number;
  /** Whether somebody is looking now, and whether to look again after that. */
  looking: 'no' | 'once' | 'again';
};

/** A look, and from which row on it looked. */
type Seen = Look & { after: number; etaSeconds: number | undefined };

const encoder = new TextEncoder();

/** How long a move may wait for what comes with it, in ms. */
const MOVE_PAUSE_MS = 5;

/** The longest pause after a look that failed, in ms. */
const MAX_PAUSE_MS = 2000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Makes a feed. It reads nothing until somebody follows and holds nothing once they are gone. */
export function createFeed({ look, crowd, eta, onError }: FeedOptions): Feed {
  const channels = new Map<string, Channel>();

  const join = (jobId: string, follower: Follower): Channel => {
    let channel = channels.get(jobId);
    if (!channel) channels.set(jobId, (channel = { jobId, followers: new Set(), rings: 0, heard: 0, failures: 0, looking: 'no' }));
    channel.followers.add(follower);
    return channel;
  };

  const leave = (channel: Channel, follower: Follower): void => {
    if (follower.member) crowd.leave(follower.member);
    channel.followers.delete(follower);
    if (channel.followers.size === 0 && channels.get(channel.jobId) === channel) channels.delete(channel.jobId);
  };

  /** Made apart, so that a follower who stays holds on to nothing of its first look. */
  const leaving = (channel: Channel, follower: Follower) => (): void => leave(channel, follower);

  const lookAt = async (jobId: string, after: number): Promise<Seen | undefined> => {
    const seen = await look(jobId, after);
    return (
      seen && {
        ...seen,
        after,
        etaSeconds: seen.snapshot.status === 'waiting' ? await eta(seen.snapshot).catch(() => undefined) : undefined,
      }
    ); // an estimate is no reason to fail
  };

  /** A row that rang goes straight to those it is next for; who lacks the one before it needs a look. */
  const deliver = (channel: Channel, row: JournalRow): void => {
    channel.heard = Math.max(channel.heard, row.seq);
    let frame: Uint8Array | undefined; // encoded when the first is due it
    let gap = false;
    for (const follower of channel.followers) {
      if (!follower.member || row.seq <= follower.seq) continue;
      if (row.seq === follower.seq + 1) {
        frame ??= encoder.encode(rowFrame(channel.jobId, row));
        follower.seq = row.seq;
        follower.member.sink.write(frame);
      } else gap = true;
    }
    if (gap) refresh(channel);
  };

  /** Looks at the job and brings every follower up to date; calls during a look make one more after it. */
  const refresh = (channel: Channel): void => {
    if (channel.looking !== 'no') {
      channel.looking = 'again';
      return;
    }
    channel.looking = 'once';
    void catchUp(channel)
      .then(
        () => (channel.failures = 0),
        (error: unknown) => {
          onError(error);
          return pause(Math.min(100 * 2 ** channel.failures++, MAX_PAUSE_MS)).then(() => (channel.looking = 'again'));
        },
      )
      .finally(() => {
        const again = channel.looking === 'again';
        channel.looking = 'no';
        if (again && channel.followers.size > 0) refresh(channel);
      });
  };

  const catchUp = async (channel: Channel): Promise<void> => {
    const fed = [...channel.followers].filter(({ member }) => member);
    if (fed.length === 0) return;
    channel.heard = 0;
    const seen = await lookAt(channel.jobId, Math.min(...fed.map(({ seq }) => seq)));
    if (seen) {
      bringUp(channel, channel.followers, seen);
      if (channel.heard > seen.snapshot.length) refresh(channel);
      return;
    }
    for (const follower of fed) {
      leave(channel, follower);
      follower.member?.sink.close(); // the job has expired; the next request is told so
    }
  };

  /** Sends followers what a look shows that they have not seen. Frames are encoded once for all who are due the same. */
  const bringUp = (channel: Channel, followers: Iterable<Follower>, seen: Seen): void => {
    const { snapshot, after } = seen;
    const key = statusKey(snapshot);
    const dueTo = framesOf(seen);
    let last: { told: string; seq: number; frames: Uint8Array } | undefined;

    for (const follower of followers) {
      const { member, seq, told } = follower;
      if (!member) continue;
      if (seq < after) {
        refresh(channel); // it came while the look was on its way, and needs rows from before it
        continue;
      }
      if (last?.told !== told || last.seq !== seq) last = { told, seq, frames: encoder.encode(dueTo(told, seq)) };
      follower.told = key;
      follower.seq = Math.max(seq, snapshot.length);
      if (last.frames.length > 0) member.sink.write(last.frames);
      if (snapshot.end) {
        leave(channel, follower);
        member.sink.close();
      }
    }
  };

  /** A move is a hint: it waits a moment for what comes with it, so that a short job costs one look and not three. */
  const moved = new Set<Channel>();
  const soon = (channel: Channel): void => {
    if (moved.size === 0) setTimeout(lookAtMoved, MOVE_PAUSE_MS);
    moved.add(channel);
  };
  const lookAtMoved = (): void => {
    for (const channel of moved) if (channel.followers.size > 0) refresh(channel);
    moved.clear();
  };

  const reconcile = (): void => {
    for (const channel of channels.values()) {
      channel.rings++; // also for those who are on their way
      refresh(channel);
    }
  };

  return {
    async follow(jobId, cursor) {
      const follower: Follower = { seq: cursor === 'malformed' ? 0 : cursor, told: '' };
      const channel = join(jobId, follower);
      const { rings } = channel;
      const seen = await lookAt(jobId, follower.seq).catch((error: unknown) => {
        leave(channel, follower);
        throw error;
      });
      if (!seen) {
        leave(channel, follower);
        return undefined;
      }
      const first = seen.snapshot;
      const over = first.end !== undefined && cursor !== 'malformed' && cursor >= first.end.seq;
      const strange = !over && (cursor === 'malformed' || cursor > first.length);
      const stop = leaving(channel, follower);
      return {
        first,
        over,
        feed(sink) {
          follower.member = crowd.join(sink, stop);
          if (!channel.followers.has(follower)) return; // the crowd was closing
          if (strange) {
            follower.seq = 0;
            sink.write(encoder.encode(resetFrame(jobId)));
            refresh(channel);
          } else {
            bringUp(channel, [follower], seen);
            if (channel.rings !== rings) refresh(channel);
          }
        },
        stop,
      };
    },

    ring(ring) {
      if (ring.type === 'missed') return reconcile();
      const channel = channels.get(ring.jobId);
      if (!channel || (ring.type === 'changed' && ring.change === 'added')) return; // who follows it has seen it
      channel.rings++;
      if (ring.type === 'row') deliver(channel, ring.row);
      else if (ring.change === 'moved') soon(channel);
      else if (ring.change === 'ended') void catchUp(channel).catch(() => refresh(channel)); // an end waits for no other look
    },

    reconcile,
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
