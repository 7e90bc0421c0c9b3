/** The feed of users: one connection gets each status and end of all jobs of a user. It has no rows and no cursors. */
import type { Snapshot } from '../job/snapshot.ts';
import type { JobSignal } from './event-reader.ts';
import type { ReadJob } from '../jobs/read-job.ts';
import type { Clock } from '../store/clock.ts';
import type { Connection, Connections, Sink } from './connections.ts';
import type { Addressing, OnEndSent } from './job-channel.ts';
import { statusFrame, statusKey, userEndFrame } from './job-frames.ts';

/** A running user feed. */
export type UserFeed = {
  /** Sends the user's current jobs, then each change. Returns the function that stops it. */
  follow(owner: string, sink: Sink): () => void;
  /** Takes a signal of the event reader. */
  signal(signal: JobSignal): void;
  /** Reads every followed user's jobs again. */
  reconcile(): void;
};

/** What a user feed is made with. */
export type UserFeedOptions = {
  readJob: ReadJob;
  /** The user's jobs, newest first: all that may be current, without results. */
  jobsOf: (owner: string) => Promise<Snapshot[]>;
  /**
   * Waits for the user's turn to have jobs read, and resolves with what ends it. `signal`: nobody follows that user any more.
   * A user who opens streams one after the other must not keep Redis busy for all.
   */
  turn: (owner: string, signal: AbortSignal) => Promise<() => void>;
  connections: Connections;
  clock: Clock;
  /** As the feed of jobs has it. */
  addressing?: Addressing;
  /** Is told of each client that gets a job's end. */
  onEndSent?: OnEndSent | undefined;
  onError: (error: unknown) => void;
};

/** A client that follows a user's jobs. */
type UserFollower = {
  connection: Connection;
  /** The last status it was sent of each job, as a key (see statusKey). */
  lastStatus: Map<string, string>;
};

/** The followers of one user. */
type UserChannel = {
  owner: string;
  followers: Set<UserFollower>;
  /** The last work on this channel. Readings are made and sent one after the other, so that an older one never follows a newer one. */
  queue: Promise<void>;
  /** Whether a reading of all jobs waits for its turn. It serves all who join before it begins. */
  refreshes: boolean;
  /** Aborted when the last follower has left. */
  left: AbortController;
};

/** How long after its end a job still counts as current, in ms. */
const JUST_FINISHED_MS = 5 * 60_000;

/** How many jobs' owners are remembered, so that a job whose user nobody follows is read once at most. */
const OWNERS_KEPT = 10_000;

const encoder = new TextEncoder();

/** Makes a user feed. It reads a job that has changed only while somebody follows that job's user. */
export function createUserFeed(options: UserFeedOptions): UserFeed {
  const { readJob, jobsOf, turn, connections, clock, addressing, onEndSent = () => {}, onError } = options;
  const channels = new Map<string, UserChannel>();
  const owners = new Map<string, string | undefined>();

  const remove = (channel: UserChannel, follower: UserFollower): void => {
    connections.remove(follower.connection);
    channel.followers.delete(follower);
    if (channel.followers.size > 0) return;
    channel.left.abort();
    if (channels.get(channel.owner) === channel) channels.delete(channel.owner);
  };

  const inOrder = (channel: UserChannel, work: () => Promise<void>): Promise<void> =>
    (channel.queue = channel.queue.then(work).catch(onError));

  /** Sends a job's status to every follower whose last one was another. */
  const sendStatus = (channel: UserChannel, snapshot: Snapshot): void => {
    const key = statusKey(snapshot);
    let frame: Uint8Array | undefined;
    for (const { connection, lastStatus } of channel.followers) {
      if (lastStatus.get(snapshot.id) === key) continue;
      lastStatus.set(snapshot.id, key);
      connection.sink.write((frame ??= encoder.encode(frameOf(snapshot))));
      if (snapshot.end) onEndSent(snapshot, connection.sink);
    }
  };

  /** Reads a job with its result as it is sent. */
  const readWhole = async (jobId: string): Promise<Snapshot | undefined> => {
    const seen = await readJob(jobId);
    const putAddresses = seen?.snapshot.end && (await addressing?.(jobId));
    return putAddresses && seen ? { ...seen.snapshot, end: putAddresses(seen.snapshot.end) } : seen?.snapshot;
  };

  const isSent = ({ followers }: UserChannel, snapshot: Snapshot): boolean =>
    [...followers].every(({ lastStatus }) => lastStatus.get(snapshot.id) === statusKey(snapshot));

  /** What happens meanwhile is sent all the same: it does not wait for this turn. */
  const refresh = (channel: UserChannel): void => {
    if (channel.refreshes) return;
    channel.refreshes = true;
    const { signal } = channel.left;
    turn(channel.owner, signal)
      .then(async (end) => inOrder(channel, async () => sendAll(channel)).finally(end))
      .catch((error: unknown) => {
        channel.refreshes = false;
        if (!signal.aborted) onError(error);
      });
  };

  const sendAll = async (channel: UserChannel): Promise<void> => {
    channel.refreshes = false; // who joins from now on may come too late for this reading
    if (channel.followers.size === 0) return; // all followers have left meanwhile
    const jobs = (await jobsOf(channel.owner)).filter((job) => isCurrent(job, clock.now()));
    const ids = new Set(jobs.map(({ id }) => id));
    for (const { lastStatus } of channel.followers) for (const id of lastStatus.keys()) if (!ids.has(id)) lastStatus.delete(id);
    const unsent = jobs.toReversed().filter((job) => !isSent(channel, job));
    // An end is sent with its result. The list has no results, so the job is read.
    const whole = await Promise.all(unsent.map(async (job) => (job.end ? readWhole(job.id) : job)));
    for (const snapshot of whole) if (snapshot) sendStatus(channel, snapshot);
  };

  const ownerOf = async (jobId: string): Promise<string | undefined> => {
    if (owners.has(jobId)) return owners.get(jobId);
    const owner = (await readJob(jobId))?.snapshot.owner;
    owners.set(jobId, owner);
    if (owners.size > OWNERS_KEPT) owners.delete(owners.keys().next().value ?? '');
    return owner;
  };

  const jobChanged = async (jobId: string): Promise<void> => {
    const channel = channels.get((await ownerOf(jobId)) ?? '');
    if (!channel) return;
    void inOrder(channel, async () => {
      const snapshot = await readWhole(jobId);
      if (snapshot) sendStatus(channel, snapshot);
    });
  };

  const reconcile = (): void => channels.forEach(refresh);

  return {
    follow(owner, sink) {
      let channel = channels.get(owner);
      if (!channel) {
        channel = { owner, followers: new Set(), queue: Promise.resolve(), refreshes: false, left: new AbortController() };
        channels.set(owner, channel);
      }
      const joined = channel;
      const stop = (): void => remove(joined, follower);
      const follower: UserFollower = { connection: connections.add(sink, () => stop()), lastStatus: new Map() };
      joined.followers.add(follower);
      refresh(joined);
      return stop;
    },

    signal(signal) {
      if (channels.size === 0) return;
      if (signal.type === 'missed') reconcile();
      if (signal.type === 'changed') void jobChanged(signal.jobId).catch(onError);
    },

    reconcile,
  };
}

function isCurrent({ finishedAt, end }: Snapshot, now: number): boolean {
  return !end || (finishedAt !== undefined && finishedAt > now - JUST_FINISHED_MS);
}

function frameOf(snapshot: Snapshot): string {
  return snapshot.end ? userEndFrame(snapshot.id, snapshot.end) : statusFrame(snapshot);
}
