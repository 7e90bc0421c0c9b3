/** The feed: one doorbell, many followers. Each follower of a job gets every lasting event once, in order, and the end. */
import type { JournalRow, Snapshot } from '../jobs/event.ts';
import type { Look, LookAt } from '../queue/look.ts';
import type { Ring } from '../queue/doorbell.ts';
import { endFrame, resetFrame, rowFrame, statusFrame, statusKey } from './events.ts';
import { type Cursor, encodeRetry, PING } from './frames.ts';

/** Where a follower's frames go. */
export type Sink = {
  /** Takes whole frames; the same bytes go to every follower that they are due to. */
  write(frames: Uint8Array): void;
  /** No more will come. */
  close(): void;
};

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

const encoder = new TextEncoder();
const ping = encoder.encode(PING);

/** A running feed. */
export type Feed = {
  /** Follows a job from a cursor (the last sequence number seen); undefined if there is no such job. */
  follow(jobId: string, cursor: Cursor): Promise<Following | undefined>;
  /** Takes what the doorbell rings. */
  ring(ring: Ring): void;
  /** Sends every follower a comment, so that no connection looks idle, and lets those go whose time is up. */
  heartbeat(): void;
  /** Looks at every followed job again: no client waits for an end that has passed unheard. */
  reconcile(): void;
  /** How many are following now. */
  followers(): number;
  /** Lets everyone go, each with a `retry` of its own; they resume elsewhere. */
  close(): void;
};

/** What a feed is made with. */
export type FeedOptions = {
  look: LookAt;
  /** Estimates when a waiting job will have ended, in s from now. */
  eta: (snapshot: Snapshot) => Promise<number | undefined>;
  /** How long a follower is fed, in ms, give or take a tenth; then it is to reconnect. */
  maxAgeMs: number;
  onError: (error: unknown) => void;
};

type Follower = {
  /** The last sequence number it was sent. */
  seq: number;
  /** What it was last told of the status; '' before the first time. */
  told: string;
  /** When its time is up, on performance.now()'s clock. */
  until: number;
  /** There once feeding has begun. */
  sink?: Sink;
};

/** The followers of one job. */
type Channel = {
  jobId: string;
  followers: Set<Follower>;
  /** How often it rang. */
  rings: number;
  /** The highest row that rang since the last look began. */
  heard: number;
  /** Whether somebody is looking now, and whether to look again after that. */
  looking: 'no' | 'once' | 'again';
};

/** Makes a feed. It reads nothing until somebody follows and holds nothing once they are gone. */
export function createFeed({ look, eta, maxAgeMs, onError }: FeedOptions): Feed {
  const channels = new Map<string, Channel>();

  const join = (jobId: string, follower: Follower): Channel => {
    let channel = channels.get(jobId);
    if (!channel) channels.set(jobId, (channel = { jobId, followers: new Set(), rings: 0, heard: 0, looking: 'no' }));
    channel.followers.add(follower);
    return channel;
  };

  const leave = (channel: Channel, follower: Follower): void => {
    channel.followers.delete(follower);
    if (channel.followers.size === 0 && channels.get(channel.jobId) === channel) channels.delete(channel.jobId);
  };

  const lookAt = async (jobId: string, after: number): Promise<Seen | undefined> => {
    const seen = await look(jobId, after);
    return seen && { ...seen, after, etaSeconds: seen.snapshot.status === 'waiting' ? await eta(seen.snapshot) : undefined };
  };

  /** A row that rang goes straight to those it is next for; who lacks the one before it needs a look. */
  const deliver = (channel: Channel, row: JournalRow): void => {
    channel.heard = Math.max(channel.heard, row.seq);
    let frame: Uint8Array | undefined;
    let gap = false;
    for (const follower of channel.followers) {
      if (!follower.sink || row.seq <= follower.seq) continue;
      if (row.seq === follower.seq + 1) {
        follower.seq = row.seq;
        follower.sink.write((frame ??= encoder.encode(rowFrame(channel.jobId, row))));
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
      .catch(onError) // the next ring or reconciliation tries again
      .finally(() => {
        const again = channel.looking === 'again';
        channel.looking = 'no';
        if (again && channel.followers.size > 0) refresh(channel);
      });
  };

  const catchUp = async (channel: Channel): Promise<void> => {
    const fed = [...channel.followers].filter(({ sink }) => sink);
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
      follower.sink?.close(); // the job has expired; the next request is told so
    }
  };

  /** Sends followers what a look shows that they have not seen. Frames are encoded once for all of them. */
  const bringUp = (channel: Channel, followers: Iterable<Follower>, { snapshot, rows, after, etaSeconds }: Seen): void => {
    const { jobId } = channel;
    const frames = rows.map((row) => ({ seq: row.seq, frame: rowFrame(jobId, row) }));
    const end = snapshot.end && endFrame(jobId, snapshot.end);
    const status = statusFrame(snapshot, etaSeconds);
    const key = statusKey(snapshot);

    /** What is due to one who was told this and has seen rows up to there; mostly the same for all of them. */
    const dueTo = (told: string, seq: number): Uint8Array => {
      const news = told === '' || (told !== key && !end) ? [status] : []; // an end speaks for itself
      const rest = frames.filter((row) => row.seq > seq).map(({ frame }) => frame);
      return encoder.encode([...news, ...rest, ...(end === undefined ? [] : [end])].join(''));
    };
    let last: { told: string; seq: number; due: Uint8Array } | undefined;

    for (const follower of followers) {
      const { sink, seq, told } = follower;
      if (!sink) continue;
      if (seq < after) {
        refresh(channel); // it came while the look was on its way, and needs rows from before it
        continue;
      }
      if (last?.told !== told || last.seq !== seq) last = { told, seq, due: dueTo(told, seq) };
      follower.told = key;
      follower.seq = Math.max(seq, snapshot.length);
      if (last.due.length > 0) sink.write(last.due);
      if (end !== undefined) {
        leave(channel, follower);
        sink.close();
      }
    }
  };

  const reconcile = (): void => {
    for (const channel of channels.values()) refresh(channel);
  };

  const dismiss = (channel: Channel, follower: Follower, retryMs: number): void => {
    leave(channel, follower);
    follower.sink?.write(encoder.encode(encodeRetry(Math.round(retryMs))));
    follower.sink?.close();
  };

  return {
    async follow(jobId, cursor) {
      const follower: Follower = {
        seq: cursor === 'malformed' ? 0 : cursor,
        told: '',
        until: performance.now() + maxAgeMs * (0.9 + 0.2 * Math.random()),
      };
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
      return {
        first,
        over,
        feed(sink) {
          follower.sink = sink;
          if (strange) {
            follower.seq = 0;
            sink.write(encoder.encode(resetFrame(jobId)));
            refresh(channel);
          } else {
            bringUp(channel, [follower], seen);
            if (channel.rings !== rings) refresh(channel);
          }
        },
        stop: () => leave(channel, follower),
      };
    },

    ring(ring) {
      if (ring.type === 'missed') return reconcile();
      const channel = channels.get(ring.jobId);
      if (!channel) return;
      channel.rings++;
      if (ring.type === 'row') deliver(channel, ring.row);
      else refresh(channel);
    },

    heartbeat() {
      const now = performance.now();
      for (const channel of channels.values()) {
        for (const follower of channel.followers) {
          if (now < follower.until) follower.sink?.write(ping);
          else dismiss(channel, follower, 1000 * Math.random());
        }
      }
    },

    reconcile,

    followers() {
      let count = 0;
      for (const { followers } of channels.values()) count += followers.size;
      return count;
    },

    close() {
      for (const channel of channels.values()) {
        for (const follower of channel.followers) dismiss(channel, follower, 1000 + 4000 * Math.random());
      }
    },
  };
}

/** A look, and from which row on it looked. */
type Seen = Look & { after: number; etaSeconds: number | undefined };
