/**
 * BullMQ's backend for a worker: steps that Redis refuses are repeated, expired
 * locks are taken back, and the step that completes a job writes its result, too.
 */
import type { BackendFactory, RedisQueueBackend } from 'bullmq';
import { FIELDS, type RecordFields } from '../../src/job/record.ts';
import type { Author } from '../../src/job/snapshot.ts';
import { backendFactory, type BackendParts, RedisTimeBackend } from '../../src/store/redis-time-backend.ts';
import { createTakeBack } from './announced-stop.ts';
import type { RunLocks } from './run-locks.ts';
import { FORGOTTEN_AT_ONCE } from '../../src/jobs/retention.ts';
import { type Lane, LANE_KEYS, queueNameOf } from '../../src/store/keys.ts';
import type { Store } from '../../src/store/store.ts';
import type { LaneRate } from './lane-rate.ts';
import type { Slot, Slots } from './slots.ts';
import { createNoteWrites } from './write-watch.ts';

/** What the backend is made with. */
export type BackendOptions = {
  /** The worker's name. */
  name: string;
  /** Where the jobs are that it takes. */
  lane: Lane;
  /**
   * All lanes that there are. The worker of the queue that all
   * kinds share looks for stalled jobs in all of them.
   */
  lanes: readonly string[];
  /** How many of its jobs may begin, where it has a rate of its own. */
  rate?: LaneRate | undefined;
  /** The slots of the process. */
  slots: Slots;
  locks: Pick<RunLocks, 'release' | 'retake' | 'retakeNow' | 'lockMs'>;
  /** How long a job's lock holds unless it is renewed, in ms. */
  lockDurationMs: number;
  /** The fields that the completion of this job has to write, if there are any. */
  fieldsOf: (job: object) => RecordFields | undefined;
  /** Whom the last attempt at this job has asked. */
  authorOf?: (job: object) => Author | undefined;
  /** How much longer than usual the records of ended jobs are kept now, in s. */
  keptLongerS: () => number;
};

/**
 * The backend. BullMQ treats an error of a job's last step as an error of the job,
 * so one refusal would fail the job for good. Here such steps wait until Redis accepts
 * them. BullMQ's script for an end can write fields of the record: with them a job
 * completes and has its result in one step, or neither.
 */
class WorkerBackend extends RedisTimeBackend {
  readonly #store;
  readonly #options;
  readonly #noteWrites;
  readonly #takeBack;
  /** Whether the marker of the lane was taken out of Redis, and no job was looked for since. */
  #hasMarker = false;

  constructor(store: Store, options: BackendOptions, ...parts: BackendParts) {
    super(store.clock, ...parts);
    this.#store = store;
    this.#options = options;
    this.#takeBack = createTakeBack(store);
    this.#noteWrites = createNoteWrites(store, options.lanes, options.lockDurationMs);
  }

  override moveToFinishedArgs(...[job, value, field, keep, ...rest]: Parameters<RedisQueueBackend['moveToFinishedArgs']>) {
    const bounded =
      typeof keep === 'object' && 'age' in keep ? { age: keep.age + this.#options.keptLongerS(), limit: FORGOTTEN_AT_ONCE } : keep;
    return super.moveToFinishedArgs(job, value, field, bounded, ...rest);
  }

  override moveToCompletedArgs(...[job, value, keep, token, fetchNext]: Parameters<RedisQueueBackend['moveToCompletedArgs']>) {
    return this.moveToFinishedArgs(
      job,
      value,
      'returnvalue',
      keep,
      'completed',
      token,
      this.#store.clock.now(),
      fetchNext,
      nonEmpty(this.#options.fieldsOf(job)),
    );
  }

  override onBegin(jobId: string): void {
    this.#options.slots.begin(this.#options.lane, jobId);
  }

  override onEnd(jobId: string): void {
    this.#options.slots.end(jobId);
  }

  /** Waits for a job of the lane; or for a slot, where there was none when it last looked for a job. */
  override async waitForJob(blockTimeout: number) {
    const { lane, slots } = this.#options;
    if (slots.isWaiting(lane)) {
      await slots.available(lane, blockTimeout * 1000);
      this.age.round();
      return null; // BullMQ looks for a job then, as after each wait
    }
    const marker = await super.waitForJob(blockTimeout);
    this.#hasMarker ||= marker !== null;
    return marker;
  }

  /**
   * Without a slot the answer is as if there were no job: BullMQ
   * can begin those that it has fetched meanwhile.
   */
  override async moveToActive(...args: Parameters<RedisQueueBackend['moveToActive']>) {
    const { lane, slots } = this.#options;
    const slot = slots.take(lane);
    if (!slot) {
      await this.#giveMarkerBack();
      this.age.round();
      return [...NO_JOB];
    }
    this.#hasMarker = false;
    const { rate } = this.#options;
    const move = () => super.moveToActive(...args);
    return fetchInto(slot, () => (rate ? withinRate(rate, move) : move()), asNext);
  }

  override moveToCompleted(...[job, value, keep, token, fetchNext]: Parameters<RedisQueueBackend['moveToCompleted']>) {
    const end = (fetches: boolean) => super.moveToCompleted(job, value, keep, token, fetches);
    return this.#lastStep(job.id ?? '', token, () => this.#withNext(fetchNext, end, ({ result }) => result));
  }

  override moveToFailed(...[job, reason, keep, token, fetchNext, fields]: Parameters<RedisQueueBackend['moveToFailed']>) {
    const end = (fetches: boolean) => super.moveToFailed(job, reason, keep, token, fetches, { ...fields, ...this.#failedBy(job) });
    return this.#lastStep(job.id ?? '', token, () => this.#withNext(fetchNext, end, ({ result }) => result));
  }

  /** What is kept of who was asked in vain. BullMQ's script writes it with the end. */
  #failedBy(job: object): RecordFields {
    const author = this.#options.authorOf?.(job);
    return author ? { [FIELDS.failedBy]: [author.provider, author.model].filter(Boolean).join(' ') } : {};
  }

  override moveToDelayed(...[id, at, delay, token, options]: Parameters<RedisQueueBackend['moveToDelayed']>) {
    const move = (fetchNext: boolean) => super.moveToDelayed(id, at, delay, token, { ...options, fetchNext });
    return this.#lastStep(id, token, () => this.#withNext(options?.fetchNext, move, asNext));
  }

  override retryJob(...args: Parameters<RedisQueueBackend['retryJob']>) {
    const [id, , token] = args;
    return this.#lastStep(id, token, () => super.retryJob(...args));
  }

  override moveJobFromActiveToWait(...args: Parameters<RedisQueueBackend['moveJobFromActiveToWait']>): Promise<unknown> {
    const [id, token] = args;
    return this.#lastStep<unknown>(id, token, () => super.moveJobFromActiveToWait(...args));
  }

  /**
   * Resolves with the jobs that are lost. It is not known of a
   * job whose lock Redis refuses to give back, and this rejects.
   */
  override async extendLocks(...[jobIds, tokens, duration]: Parameters<RedisQueueBackend['extendLocks']>) {
    const failed = await super.extendLocks(jobIds, tokens, Math.min(duration, this.#options.locks.lockMs));
    const kept = await Promise.all(failed.map((id) => this.#options.locks.retakeNow(id, tokens[jobIds.indexOf(id)] ?? '')));
    return failed.filter((_, n) => !kept[n]);
  }

  /**
   * All commands are sent together: nothing can happen between them that
   * lets locks expire. The first call makes sure that Redis knows the script. Jobs whose worker
   * has announced its stop are taken back before they can be found stalled.
   */
  override async moveStalledJobsToWait() {
    await this.#noteWrites();
    const checks = [undefined, ...this.#options.lanes].map((lane) => this.#moveStalled(lane));
    const [, , ...stalled] = await Promise.all([this.#noteWrites(), this.#takeBack(), ...checks]);
    return stalled.flat();
  }

  /** BullMQ's check, in a lane: its script with the keys of that lane. */
  async #moveStalled(lane: Lane): Promise<string[]> {
    const { keys } = this.#store;
    const inLane = new Map(LANE_KEYS.map((name) => [keys.of(name), keys.of(name, lane)]));
    const args = this.moveStalledJobsToWaitArgs().map((arg) => inLane.get(String(arg)) ?? arg);
    return (await this.execCommand(await this.client, 'moveStalledJobsToWait', args)) as string[];
  }

  /** Another process may take the job that the marker was for. */
  async #giveMarkerBack(): Promise<void> {
    if (!this.#hasMarker) return;
    await this.#store.redis.zadd(this.#store.keys.of('marker', this.#options.lane), 0, '0');
    this.#hasMarker = false;
  }

  /** A step that fetches the next job along, if that is wanted and there is a slot for it. */
  #withNext<T>(wanted: boolean | undefined, step: (fetchNext: boolean) => Promise<T>, nextOf: (reply: T) => unknown): Promise<T> {
    const { lane, slots, rate } = this.#options;
    const slot = wanted === true && !rate ? slots.take(lane) : undefined;
    return slot ? fetchInto(slot, () => step(true), nextOf) : step(false); // a lane with a rate of its own has to ask for each job
  }

  /** The last step of a run for its job. */
  async #lastStep<T>(id: string, token = '', step: () => Promise<T>): Promise<T> {
    const { locks } = this.#options;
    try {
      return await this.#store.retryWhileRefused(async () => {
        try {
          return await step();
        } catch (error) {
          if (!isLockMissing(error) || !(await locks.retake(id, token))) throw error;
          return step();
        }
      });
    } finally {
      locks.release(id, token);
    }
  }
}

/** Makes the factory of the backend over a connection that waits while Redis is away. */
export function createBackendFactory(store: Store, options: BackendOptions): BackendFactory<RedisQueueBackend> {
  const { name, lane } = options;
  return backendFactory(store, (...parts) => new WorkerBackend(store, options, ...parts), {
    name,
    nameOf: (key) => queueNameOf(lane, key),
  });
}

/**
 * BullMQ's answer where there is no job: the job, its id, how
 * long the limiter holds on, until when nothing is due.
 */
const NO_JOB = [null, 0, 0, 0] as const;

/** A reply that is about the next job alone. */
const asNext = (reply: unknown): unknown => reply;

/**
 * Looks for a job if one may begin now; if none may, the
 * answer is BullMQ's where its limiter holds on.
 */
async function withinRate(rate: LaneRate, move: () => Promise<unknown[]>): Promise<unknown[]> {
  const waitMs = await rate.take();
  if (waitMs > 0) return [null, 0, waitMs, 0];
  const next = await move();
  if (!next[0]) await rate.giveBack();
  return next;
}

/** Fetches a job for a slot. `nextOf`: the job and its id in the reply, as BullMQ has them. */
async function fetchInto<T>(slot: Slot, fetch: () => Promise<T>, nextOf: (reply: T) => unknown): Promise<T> {
  let jobId: string | undefined;
  try {
    const reply = await fetch();
    const next = nextOf(reply);
    if (Array.isArray(next) && next[0]) jobId = String(next[1]);
    return reply;
  } finally {
    slot.settle(jobId);
  }
}

/** Whether BullMQ refuses a step because the job has no lock (ErrorCode.JobLockNotExist). */
function isLockMissing(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === -2;
}

/** BullMQ's script fails half-way where it is given fields and there are none. */
function nonEmpty(fields: RecordFields = {}): RecordFields | undefined {
  return Object.keys(fields).length > 0 ? fields : undefined;
}
