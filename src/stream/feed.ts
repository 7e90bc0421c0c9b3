/**
 * The feed of jobs: one event reader serves many followers. Each follower of a job gets every row
 * once, in order, and the end.
 */
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import type { ReadJob } from '../jobs/read-job.ts';
import type { Connections, Sink, StreamType } from './connections.ts';
import type { JobSignal } from './event-reader.ts';
import { eventFraming } from './event-framing.ts';
import type { Framing, JobReading } from './framing.ts';
import { type Addressing, type Follower, JobChannel, type OnEndSent } from './job-channel.ts';
import type { Cursor } from './sse-encoding.ts';
import { Staggered } from './staggered.ts';

/** A follower, before and while its stream is open. */
export type Following = {
  /**
   * The job at the first reading. The follower was registered before that, so no event can be lost
   * in between.
   */
  first: Snapshot;
  /** Whether the cursor is at the job's end or after it. Then there is nothing to send. */
  over: boolean;
  /** Whether the job never had the cursor. `feed` then sends everything anew, or breaks the stream. */
  unknown: boolean;
  /**
   * Begins to send: the present status, the rows after the cursor, then each event when it happens.
   * `type`: what it counts as; a job's stream if it is absent.
   */
  feed(sink: Sink, type?: StreamType): void;
  /** Stops; nothing more is written to the sink. */
  stop(): void;
};

/** What a feed reads from, and whom it informs. */
export type FeedOptions = {
  readJob: ReadJob;
  connections: Connections;
  /** Estimates when a waiting job will have ended, in s from now. */
  eta: (snapshot: Snapshot) => Promise<number | undefined>;
  /**
   * Makes what puts the addresses of output files into the values of a job; undefined if it has
   * none. Absent: values are sent as they are stored.
   */
  addressing?: Addressing;
  /** Called when somebody begins to follow a job, before it is read. */
  onFollow?: () => void;
  /** Called for each client that is sent a job's end. */
  onEndSent?: OnEndSent | undefined;
  onError: (error: unknown) => void;
};

/**
 * How long a change of state waits for other changes, so that one reading serves them all, in ms.
 */
const MOVE_PAUSE_MS = 5;

/** The longest pause after a reading that failed, in ms. */
const MAX_PAUSE_MS = 2000;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The feed. It reads a job only while somebody follows it, and keeps nothing of it afterwards. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #jobs = new Map<string, FollowedJob>();
  /** The same jobs, as they are due for a reading that nothing has caused. */
  readonly #readings = new Staggered<FollowedJob>();
  /**
   * Jobs whose state has changed. They are read a moment later, so that a short job costs one
   * reading instead of three.
   */
  readonly #moved = new Set<FollowedJob>();

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /**
   * Follows a job from a cursor, which is the last number that the client has, as the framing
   * counts. Undefined if there is no such job.
   */
  async follow(jobId: string, cursor: Cursor, wanted: Framing = eventFraming): Promise<Following | undefined> {
    const at = cursor === 'malformed' ? 0 : cursor;
    const job = this.#jobOf(jobId);
    const { channel, signals } = job;
    const framing = wanted === eventFraming ? wanted : channel.sharedFraming(wanted);
    const follower: Follower = { framing, seq: framing.reads === 'all' ? 0 : at, at, lastStatus: '', live: false };
    channel.add(follower);
    const stop = stopperOf(channel, follower);
    const { connections, addressing } = this.#options;
    const [reading, putAddresses] = await Promise.all([job.read(follower.seq, 0), addressing?.(jobId)]).catch((error: unknown) => {
      stop();
      throw error;
    });
    if (putAddresses) channel.putAddresses = putAddresses;
    if (!reading) {
      stop();
      return undefined;
    }
    const first = reading.snapshot;
    const standing = framing.standing(reading, cursor);
    const unknown = standing === 'unknown';
    return {
      first,
      over: standing === 'over',
      unknown,
      stop,
      feed(sink, type = 'job') {
        follower.connection = connections.add(sink, type, stop, framing);
        if (!channel.has(follower)) return; // all streams are being ended
        if (unknown) channel.reset(follower, follower.connection);
        else channel.sendReading(reading, follower);
        if (unknown || job.signals !== signals) job.refresh();
      },
    };
  }

  #jobOf(jobId: string): FollowedJob {
    const known = this.#jobs.get(jobId);
    if (known) return known;
    const job = new FollowedJob(jobId, this.#options, () => {
      this.#jobs.delete(jobId);
      this.#readings.delete(job);
    });
    this.#jobs.set(jobId, job);
    this.#readings.add(job);
    this.#options.onFollow?.();
    return job;
  }

  /** Whether somebody follows a job; without an id, whether anybody follows any. */
  isFollowed(jobId?: string): boolean {
    return jobId === undefined ? this.#jobs.size > 0 : this.#jobs.has(jobId);
  }

  /** How many follow a job in this process. */
  followersOf(jobId: string): number {
    return this.#jobs.get(jobId)?.channel.size ?? 0;
  }

  /** Takes a signal of the event reader. */
  signal(signal: JobSignal): void {
    if (signal.type === 'missed') {
      this.#options.connections.events.reconciled();
      return this.reconcile();
    }
    if (signal.type === 'paused') return this.reconcile();
    const job = this.#jobs.get(signal.jobId);
    if (!job) return;
    if (signal.type === 'row') job.sendRow(signal.row, signal.writtenAt);
    else if (signal.change === 'moved') this.#refreshSoon(job);
    else if (signal.change === 'ended') job.sendEnd(); // of `added` its followers know
  }

  #refreshSoon(job: FollowedJob): void {
    job.signals++;
    if (this.#moved.size === 0) {
      setTimeout(() => {
        for (const moved of this.#moved) if (!moved.channel.isEmpty) moved.refresh();
        this.#moved.clear();
      }, MOVE_PAUSE_MS);
    }
    this.#moved.add(job);
  }

  /**
   * Reads followed jobs again, so that no client waits for an end whose signal was lost: those that
   * are due once in `everyMs`, and without it all of them.
   */
  reconcile(everyMs?: number): void {
    const jobs = everyMs === undefined ? this.#jobs.values() : this.#readings.takeDue(everyMs);
    for (const job of jobs) job.reconcile();
  }
}

/** A job that somebody follows: when it is read, and who is sent what was read. */
class FollowedJob {
  readonly channel: JobChannel;
  /** How many signals have come for this job. It shows whether one came during a first reading. */
  signals = 0;
  readonly #options: FeedOptions;
  /** The highest row that was signalled since the last reading began. */
  #signalledSeq = 0;
  /** How many readings in a row have failed. */
  #failures = 0;
  /**
   * Whether the job is being read now (`once`), and whether to read it again after that (`again`).
   */
  #reading: 'no' | 'once' | 'again' = 'no';
  /**
   * Whether the next reading checks that the journal still has the rows that were sent. Redis may
   * have come back without them.
   */
  #checks = false;

  constructor(jobId: string, options: FeedOptions, onEmpty: () => void) {
    this.#options = options;
    this.channel = new JobChannel(jobId, options.connections, { onEmpty, onEndSent: options.onEndSent ?? (() => {}) });
  }

  /**
   * Reads the rows after `after`. `held`: the highest row that a follower has. Undefined if there
   * is no such job.
   */
  async read(after: number, held: number): Promise<JobReading | undefined> {
    const { readJob, eta } = this.#options;
    const seen = await readJob(this.channel.jobId, after);
    if (!seen) return undefined;
    const waits = seen.snapshot.status === 'waiting';
    return { ...seen, after, held, etaSeconds: waits ? await eta(seen.snapshot).catch(() => undefined) : undefined }; // an estimate may be missing
  }

  sendRow(row: JournalRow, writtenAt: number): void {
    this.signals++;
    this.#signalledSeq = Math.max(this.#signalledSeq, row.seq);
    if (this.channel.sendRow(row, writtenAt)) this.refresh();
  }

  /** The job has ended. Its end is sent at once, even during another reading. */
  sendEnd(): void {
    this.signals++;
    void this.#catchUp().catch(() => this.refresh());
  }

  reconcile(): void {
    this.signals++; // a follower whose first reading is not finished reads again
    this.#checks = true;
    this.refresh();
  }

  /**
   * Reads the job and sends every follower what it lacks. Calls during a reading cause one more
   * reading after it.
   */
  refresh(): void {
    if (this.#reading !== 'no') {
      this.#reading = 'again';
      return;
    }
    this.#reading = 'once';
    void this.#keepTrying().finally(() => {
      const again = this.#reading === 'again';
      this.#reading = 'no';
      if (again && !this.channel.isEmpty) this.refresh();
    });
  }

  async #keepTrying(): Promise<void> {
    try {
      await this.#catchUp();
      this.#failures = 0;
    } catch (error) {
      this.#options.onError(error);
      await pause(Math.min(100 * 2 ** this.#failures++, MAX_PAUSE_MS));
      this.#reading = 'again';
    }
  }

  async #catchUp(): Promise<void> {
    const span = this.channel.span();
    if (!span) return;
    this.#signalledSeq = 0;
    const reading = await this.read(this.#checks ? Math.max(span.lowest - 1, 0) : span.lowest, span.highest);
    if (!reading) return this.channel.disconnectAll(); // the job has expired; the next request gets a 404
    this.#checks = false;
    const behind = this.channel.sendReading(reading);
    if (behind || this.#signalledSeq > reading.snapshot.length) this.refresh();
  }
}

/**
 * Makes the function that stops a follower. It is made outside of `follow`, so that it does not
 * keep the first reading in memory.
 */
function stopperOf(channel: JobChannel, follower: Follower): () => void {
  return () => channel.remove(follower, 'left');
}
