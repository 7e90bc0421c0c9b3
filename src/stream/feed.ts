/** The feed of jobs: one event reader serves many followers. Each follower of a job gets every row once, in order, and the end. */
import type { Snapshot } from '../job/snapshot.ts';
import type { JobSignal } from './event-reader.ts';
import type { ReadJob } from '../jobs/read-job.ts';
import type { Connections, Sink } from './connections.ts';
import { createJobChannel, type Addressing, type Follower, type JobChannel, type OnEndSent, type Reading } from './job-channel.ts';
import { resetFrame } from './job-frames.ts';
import type { Cursor } from './sse-encoding.ts';

/** A follower, before and while its stream is open. */
export type Following = {
  /** The job at the first reading. The follower was registered before that, so no event can be lost in between. */
  first: Snapshot;
  /** Whether the cursor is at the job's end or after it. Then there is nothing to send. */
  over: boolean;
  /** Begins to send: the present status, the rows after the cursor, then each event when it happens. */
  feed(sink: Sink): void;
  /** Stops; nothing more is written to the sink. */
  stop(): void;
};

/** A running feed. */
export type Feed = {
  /** Follows a job from a cursor, which is the last sequence number seen. Undefined if there is no such job. */
  follow(jobId: string, cursor: Cursor): Promise<Following | undefined>;
  /** Takes a signal of the event reader. */
  signal(signal: JobSignal): void;
  /** Reads every followed job again, so that no client waits for an end whose signal was lost. */
  reconcile(): void;
};

/** What a feed is made with. */
export type FeedOptions = {
  readJob: ReadJob;
  connections: Connections;
  /** Estimates when a waiting job will have ended, in s from now. */
  eta: (snapshot: Snapshot) => Promise<number | undefined>;
  /** Makes what puts the addresses of output files into the values of a job; undefined if it has none. Absent: values are sent as they are stored. */
  addressing?: Addressing;
  /** Is told of each client that gets a job's end. */
  onEndSent?: OnEndSent | undefined;
  onError: (error: unknown) => void;
};

/** A followed job. */
type Followed = {
  channel: JobChannel;
  /** How many signals have come for this job. It shows whether one came during a first reading. */
  signals: number;
  /** The highest row that was signalled since the last reading began. */
  heard: number;
  /** How many readings in a row have failed. */
  failures: number;
  /** Whether the job is being read now (`once`), and whether to read it again after that (`again`). */
  reading: 'no' | 'once' | 'again';
  /** Whether the next reading checks that the journal still has the rows that were sent. Redis may have come back without them. */
  checks: boolean;
};

/** How long a change of state waits for other changes, so that one reading serves them all, in ms. */
const MOVE_PAUSE_MS = 5;

/** The longest pause after a reading that failed, in ms. */
const MAX_PAUSE_MS = 2000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Makes a feed. It reads a job only while somebody follows it, and keeps nothing of it afterwards. */
export function createFeed({ readJob, connections, eta, addressing, onEndSent = () => {}, onError }: FeedOptions): Feed {
  const jobs = new Map<string, Followed>();

  const add = (jobId: string, follower: Follower): Followed => {
    const known = jobs.get(jobId);
    const followed = known ?? {
      channel: createJobChannel(jobId, connections, { onEmpty: () => jobs.delete(jobId), onEndSent }),
      signals: 0,
      heard: 0,
      failures: 0,
      reading: 'no',
      checks: false,
    };
    if (!known) jobs.set(jobId, followed);
    followed.channel.add(follower);
    return followed;
  };

  const read = async (jobId: string, after: number, held: number): Promise<Reading | undefined> => {
    const seen = await readJob(jobId, after);
    if (!seen) return undefined;
    const waits = seen.snapshot.status === 'waiting';
    return { ...seen, after, held, etaSeconds: waits ? await eta(seen.snapshot).catch(() => undefined) : undefined }; // an estimate may be missing
  };

  const catchUp = async (followed: Followed): Promise<void> => {
    const { channel } = followed;
    const span = channel.span();
    if (!span) return;
    followed.heard = 0;
    const after = followed.checks ? Math.max(span.lowest - 1, 0) : span.lowest;
    const reading = await read(channel.jobId, after, span.highest);
    if (!reading) return channel.disconnectAll(); // the job has expired; the next request gets a 404
    followed.checks = false;
    const behind = channel.sendReading(reading);
    if (behind || followed.heard > reading.snapshot.length) refresh(followed);
  };

  /** Reads the job and sends every follower what it lacks. Calls during a reading cause one more reading after it. */
  const refresh = (followed: Followed): void => {
    if (followed.reading !== 'no') {
      followed.reading = 'again';
      return;
    }
    followed.reading = 'once';
    void keepTrying(followed).finally(() => {
      const again = followed.reading === 'again';
      followed.reading = 'no';
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
      followed.reading = 'again';
    }
  };

  /** Jobs whose state has changed. They are read a moment later, so that a short job costs one reading instead of three. */
  const moved = new Set<Followed>();
  const refreshSoon = (followed: Followed): void => {
    if (moved.size === 0) setTimeout(refreshMoved, MOVE_PAUSE_MS);
    moved.add(followed);
  };
  const refreshMoved = (): void => {
    for (const followed of moved) if (followed.channel.followers.size > 0) refresh(followed);
    moved.clear();
  };

  const reconcile = (): void => {
    for (const followed of jobs.values()) {
      followed.signals++; // a follower whose first reading is not finished reads again
      followed.checks = true;
      refresh(followed);
    }
  };

  return {
    async follow(jobId, cursor) {
      const follower: Follower = { seq: cursor === 'malformed' ? 0 : cursor, lastStatus: '', live: false };
      const followed = add(jobId, follower);
      const { signals } = followed;
      const stop = stopperOf(followed.channel, follower);
      const [reading, putAddresses] = await Promise.all([read(jobId, follower.seq, 0), addressing?.(jobId)]).catch((error: unknown) => {
        stop();
        throw error;
      });
      if (putAddresses) followed.channel.putAddresses = putAddresses;
      if (!reading) {
        stop();
        return undefined;
      }
      const first = reading.snapshot;
      const over = first.end !== undefined && cursor !== 'malformed' && cursor >= first.end.seq;
      const unknown = !over && (cursor === 'malformed' || cursor > first.length);
      return {
        first,
        over,
        feed(sink) {
          follower.connection = connections.add(sink, stop);
          if (!followed.channel.followers.has(follower)) return; // all streams are being ended
          if (unknown) {
            follower.seq = 0;
            sink.write(new TextEncoder().encode(resetFrame(jobId)));
            refresh(followed);
          } else {
            followed.channel.sendReading(reading, follower);
            if (followed.signals !== signals) refresh(followed);
          }
        },
        stop,
      };
    },

    signal(signal) {
      if (signal.type === 'missed') return reconcile();
      const followed = jobs.get(signal.jobId);
      if (!followed || (signal.type === 'changed' && signal.change === 'added')) return; // its followers know that it was added
      followed.signals++;
      if (signal.type === 'row') {
        followed.heard = Math.max(followed.heard, signal.row.seq);
        if (followed.channel.sendRow(signal.row)) refresh(followed);
      } else if (signal.change === 'moved') refreshSoon(followed);
      else void catchUp(followed).catch(() => refresh(followed)); // an end is sent at once, even during another reading
    },

    reconcile,
  };
}

/** Makes the function that stops a follower. It is made outside of `follow`, so that it does not keep the first reading in memory. */
function stopperOf(channel: JobChannel, follower: Follower): () => void {
  return () => channel.remove(follower);
}
