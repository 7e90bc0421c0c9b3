/**
 * The feed of users: one connection gets each status and end of all jobs of a user. It has no rows
 * and no cursors.
 */
import type { Snapshot } from '../job/snapshot.ts';
import type { JobSignal } from './event-reader.ts';
import type { ReadJob } from '../jobs/read-job.ts';
import type { Clock } from '../store/clock.ts';
import type { Connection, Connections, Sink } from './connections.ts';
import type { Addressing, OnEndSent } from './job-channel.ts';
import { statusFrame, statusKey, userEndFrame } from './job-frames.ts';

/** What a user feed reads from, and whom it informs. */
export type UserFeedOptions = {
  readJob: ReadJob;
  /** The user's jobs, newest first: all that may be current, without results. */
  jobsOf: (owner: string) => Promise<Snapshot[]>;
  /**
   * Waits for the user's turn to have jobs read. Resolves with the function that ends the turn.
   * `signal`: nobody follows that user any more. A user who opens streams one after the other must
   * not keep Redis busy for all.
   */
  turn: (owner: string, signal: AbortSignal) => Promise<() => void>;
  connections: Connections;
  clock: Clock;
  /** As `FeedOptions` has it. */
  addressing?: Addressing;
  /** As `FeedOptions` has it. */
  onFollow?: () => void;
  /** Called for each client that is sent a job's end. */
  onEndSent?: OnEndSent | undefined;
  onError: (error: unknown) => void;
};

/** A client that follows a user's jobs. */
type UserFollower = {
  connection: Connection;
  /** The last status it was sent of each job, as a key (see statusKey). */
  lastStatus: Map<string, string>;
};

/** How long after its end a job still counts as current, in ms. */
const JUST_FINISHED_MS = 5 * 60_000;

/**
 * How many jobs' owners are remembered, so that a job whose user nobody follows is read once at
 * most.
 */
const OWNERS_KEPT = 10_000;

const encoder = new TextEncoder();

/**
 * The feed of users. It reads a job that has changed only while somebody follows that job's user.
 */
export class UserFeed {
  readonly #options: UserFeedOptions;
  readonly #channels = new Map<string, UserChannel>();
  readonly #owners = new Map<string, string | undefined>();

  constructor(options: UserFeedOptions) {
    this.#options = options;
  }

  /** Sends the user's current jobs, then each change. Returns the function that stops it. */
  follow(owner: string, sink: Sink): () => void {
    let channel = this.#channels.get(owner);
    if (!channel) {
      channel = new UserChannel(owner, this.#options);
      this.#channels.set(owner, channel);
      this.#options.onFollow?.();
    }
    const joined = channel;
    const stop = (): void => {
      joined.remove(follower);
      if (joined.isEmpty && this.#channels.get(owner) === joined) this.#channels.delete(owner);
    };
    const follower: UserFollower = { connection: this.#options.connections.add(sink, 'user', () => stop()), lastStatus: new Map() };
    joined.add(follower);
    return stop;
  }

  /** Whether anybody follows any user. */
  isFollowed(): boolean {
    return this.#channels.size > 0;
  }

  /** Takes a signal of the event reader. */
  signal(signal: JobSignal): void {
    if (this.#channels.size === 0) return;
    if (signal.type === 'missed' || signal.type === 'paused') this.reconcile();
    if (signal.type === 'changed') void this.#jobChanged(signal.jobId).catch(this.#options.onError);
  }

  async #jobChanged(jobId: string): Promise<void> {
    const owner = await this.#ownerOf(jobId);
    this.#channels.get(owner ?? '')?.sendJob(jobId);
  }

  async #ownerOf(jobId: string): Promise<string | undefined> {
    const owners = this.#owners;
    if (owners.has(jobId)) return owners.get(jobId);
    const owner = (await this.#options.readJob(jobId))?.snapshot.owner;
    owners.set(jobId, owner);
    if (owners.size > OWNERS_KEPT) owners.delete(owners.keys().next().value ?? '');
    return owner;
  }

  /** Reads every followed user's jobs again. */
  reconcile(): void {
    for (const channel of this.#channels.values()) channel.refresh();
  }
}

/** The followers of one user. */
class UserChannel {
  readonly #owner: string;
  readonly #options: UserFeedOptions;
  readonly #followers = new Set<UserFollower>();
  /**
   * The last work on this channel. Readings are made and sent one after the other, so that an older
   * one never follows a newer one.
   */
  #queue = Promise.resolve();
  /** Whether a reading of all jobs waits for its turn. It serves all who join before it begins. */
  #refreshes = false;
  /** Aborted when the last follower has left. */
  readonly #left = new AbortController();

  constructor(owner: string, options: UserFeedOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#followers.size === 0;
  }

  add(follower: UserFollower): void {
    this.#followers.add(follower);
    this.refresh();
  }

  remove(follower: UserFollower): void {
    this.#options.connections.remove(follower.connection, 'left');
    this.#followers.delete(follower);
    if (this.isEmpty) this.#left.abort();
  }

  /**
   * Reads all jobs in a turn of the user's. What happens meanwhile is sent all the same: it does
   * not wait for this turn.
   */
  refresh(): void {
    if (this.#refreshes) return;
    this.#refreshes = true;
    const { turn, onError } = this.#options;
    const { signal } = this.#left;
    turn(this.#owner, signal)
      .then(async (end) => this.#inOrder(async () => this.#sendAll()).finally(end))
      .catch((error: unknown) => {
        this.#refreshes = false;
        if (!signal.aborted) onError(error);
      });
  }

  sendJob(jobId: string): void {
    void this.#inOrder(async () => this.#sendStatus(await this.#readWhole(jobId)));
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch(this.#options.onError);
    return this.#queue;
  }

  async #sendAll(): Promise<void> {
    this.#refreshes = false; // who joins from now on may come too late for this reading
    if (this.isEmpty) return; // all followers have left meanwhile
    const { jobsOf, clock } = this.#options;
    const jobs = (await jobsOf(this.#owner)).filter((job) => isCurrent(job, clock.now()));
    const ids = new Set(jobs.map(({ id }) => id));
    for (const { lastStatus } of this.#followers) for (const id of lastStatus.keys()) if (!ids.has(id)) lastStatus.delete(id);
    const unsent = jobs.toReversed().filter((job) => !this.#isSent(job));
    // An end is sent with its result. The list has no results, so the job is read.
    const whole = await Promise.all(unsent.map(async (job) => (job.end ? this.#readWhole(job.id) : job)));
    whole.forEach((snapshot) => this.#sendStatus(snapshot));
  }

  #isSent(snapshot: Snapshot): boolean {
    return [...this.#followers].every(({ lastStatus }) => lastStatus.get(snapshot.id) === statusKey(snapshot));
  }

  /** Reads a job with its result as it is sent. */
  async #readWhole(jobId: string): Promise<Snapshot | undefined> {
    const { readJob, addressing } = this.#options;
    const seen = await readJob(jobId);
    const putAddresses = seen?.snapshot.end && (await addressing?.(jobId));
    return putAddresses && seen ? { ...seen.snapshot, end: putAddresses(seen.snapshot.end) } : seen?.snapshot;
  }

  /**
   * Sends a job's status to every follower whose last one was another; nothing if the job is gone.
   */
  #sendStatus(snapshot: Snapshot | undefined): void {
    if (!snapshot) return;
    const key = statusKey(snapshot);
    let frame: Uint8Array | undefined;
    for (const { connection, lastStatus } of this.#followers) {
      if (lastStatus.get(snapshot.id) === key) continue;
      lastStatus.set(snapshot.id, key);
      connection.sink.write((frame ??= encoder.encode(frameOf(snapshot))));
      this.#options.connections.events.sent('user', 1);
      if (snapshot.end) this.#options.onEndSent?.(snapshot, connection.sink);
    }
  }
}

function isCurrent({ finishedAt, end }: Snapshot, now: number): boolean {
  return !end || (finishedAt !== undefined && finishedAt > now - JUST_FINISHED_MS);
}

function frameOf(snapshot: Snapshot): string {
  return snapshot.end ? userEndFrame(snapshot.id, snapshot.end) : statusFrame(snapshot);
}
