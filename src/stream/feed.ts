/** The feed: one doorbell, many followers. Each follower of a job gets every lasting event once, in order, and the end. */
import type { Snapshot } from '../jobs/event.ts';
import type { LookAt } from '../queue/look.ts';
import type { Ring } from '../queue/doorbell.ts';
import { type Channel, createChannel, type Follower, type Seen } from './channel.ts';
import type { Crowd, Sink } from './crowd.ts';
import { resetFrame } from './events.ts';
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

/** A followed job: its channel, and what is known of bells and looks. */
type Followed = {
  channel: Channel;
  /** How often it rang. */
  rings: number;
  /** The highest row that rang since the last look began. */
  heard: number;
  /** How many looks in a row have failed. */
  failures: number;
  /** Whether somebody is looking now, and whether to look again after that. */
  looking: 'no' | 'once' | 'again';
  /** Whether to check that the journal still has the last row that was sent: Redis may have come back without it. */
  checks: boolean;
};

/** How long a move may wait for what comes with it, in ms. */
const MOVE_PAUSE_MS = 5;

/** The longest pause after a look that failed, in ms. */
const MAX_PAUSE_MS = 2000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Makes a feed. It reads nothing until somebody follows and holds nothing once they are gone. */
export function createFeed({ look, crowd, eta, onError }: FeedOptions): Feed {
  const jobs = new Map<string, Followed>();

  const join = (jobId: string, follower: Follower): Followed => {
    const known = jobs.get(jobId);
    const followed = known ?? {
      channel: createChannel(jobId, crowd, () => jobs.delete(jobId)),
      rings: 0,
      heard: 0,
      failures: 0,
      looking: 'no',
      checks: false,
    };
    if (!known) jobs.set(jobId, followed);
    followed.channel.join(follower);
    return followed;
  };

  const lookAt = async (jobId: string, after: number, held: number): Promise<Seen | undefined> => {
    const seen = await look(jobId, after);
    if (!seen) return undefined;
    const waits = seen.snapshot.status === 'waiting';
    return { ...seen, after, held, etaSeconds: waits ? await eta(seen.snapshot).catch(() => undefined) : undefined }; // an estimate is no reason to fail
  };

  const catchUp = async (followed: Followed): Promise<void> => {
    const { channel } = followed;
    const span = channel.span();
    if (!span) return;
    followed.heard = 0;
    const from = followed.checks ? Math.max(span.lowest - 1, 0) : span.lowest;
    const seen = await lookAt(channel.jobId, from, span.highest);
    if (!seen) return channel.letGo(); // it has expired; the next request is told so
    followed.checks = false;
    const behind = channel.bringUp(seen);
    if (behind || followed.heard > seen.snapshot.length) refresh(followed);
  };

  /** Looks at the job and brings every follower up to date; calls during a look make one more after it. */
  const refresh = (followed: Followed): void => {
    if (followed.looking !== 'no') {
      followed.looking = 'again';
      return;
    }
    followed.looking = 'once';
    void keepTrying(followed).finally(() => {
      const again = followed.looking === 'again';
      followed.looking = 'no';
      if (again && followed.channel.followers.size > 0) refresh(followed);
    });
  };

  const keepTrying = async (followed: Followed): Promise<void> => {
    try {
      await catchUp(followed);
      followed.failures = 0;
    } catch (error) {
      onError(error);
      await pause(Math.min(100 * 2 ** followed.failures++, MAX_PAUSE_MS));
      followed.looking = 'again';
    }
  };

  /** A move is a hint: it waits a moment for what comes with it, so that a short job costs one look and not three. */
  const moved = new Set<Followed>();
  const soon = (followed: Followed): void => {
    if (moved.size === 0) setTimeout(lookAtMoved, MOVE_PAUSE_MS);
    moved.add(followed);
  };
  const lookAtMoved = (): void => {
    for (const followed of moved) if (followed.channel.followers.size > 0) refresh(followed);
    moved.clear();
  };

  const reconcile = (): void => {
    for (const followed of jobs.values()) {
      followed.rings++; // also for those who are on their way
      followed.checks = true;
      refresh(followed);
    }
  };

  return {
    async follow(jobId, cursor) {
      const follower: Follower = { seq: cursor === 'malformed' ? 0 : cursor, told: '' };
      const followed = join(jobId, follower);
      const { rings } = followed;
      const stop = leaving(followed.channel, follower);
      const seen = await lookAt(jobId, follower.seq, 0).catch((error: unknown) => {
        stop();
        throw error;
      });
      if (!seen) {
        stop();
        return undefined;
      }
      const first = seen.snapshot;
      const over = first.end !== undefined && cursor !== 'malformed' && cursor >= first.end.seq;
      const strange = !over && (cursor === 'malformed' || cursor > first.length);
      return {
        first,
        over,
        feed(sink) {
          follower.member = crowd.join(sink, stop);
          if (!followed.channel.followers.has(follower)) return; // the crowd was closing
          if (strange) {
            follower.seq = 0;
            sink.write(new TextEncoder().encode(resetFrame(jobId)));
            refresh(followed);
          } else {
            followed.channel.bringUp(seen, follower);
            if (followed.rings !== rings) refresh(followed);
          }
        },
        stop,
      };
    },

    ring(ring) {
      if (ring.type === 'missed') return reconcile();
      const followed = jobs.get(ring.jobId);
      if (!followed || (ring.type === 'changed' && ring.change === 'added')) return; // who follows it has seen it
      followed.rings++;
      if (ring.type === 'row') {
        followed.heard = Math.max(followed.heard, ring.row.seq);
        if (followed.channel.deliver(ring.row)) refresh(followed);
      } else if (ring.change === 'moved') soon(followed);
      else void catchUp(followed).catch(() => refresh(followed)); // an end waits for no other look
    },

    reconcile,
  };
}

/** Made apart, so that a follower who stays holds on to nothing of its first look. */
function leaving(channel: Channel, follower: Follower): () => void {
  return () => channel.leave(follower);
}
