/**
 * BullMQ's backend by Redis' clock. BullMQ reckons by its own
 * process' clock; its moments are translated on their way in and out.
 */
import { type BackendFactory, createIORedisClient, QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq';
import type { Clock } from './clock.ts';
import { LoopAge } from './loop-age.ts';
import { BLOCK_MS, BLOCKING } from './patience.ts';
import type { Store } from './store.ts';

/**
 * BullMQ's scripts that take the moment that it is now: its place
 * among keys and arguments, and whether a job is fetched in the reply.
 */
const MOMENTS: Readonly<Record<string, { place: number; fetches: boolean }>> = {
  moveToActive: { place: 12, fetches: true },
  moveToFinished: { place: 15, fetches: true },
  moveToDelayed: { place: 12, fetches: true },
  retryJob: { place: 12, fetches: false },
  moveStalledJobsToWait: { place: 11, fetches: false },
};

/**
 * What stands where in the reply of a script that fetches a job:
 * until when a worker has nothing to do, as far as delayed jobs go.
 */
const DELAYED_UNTIL = 3;

/**
 * The backend. A worker whose own clock is ahead would begin delayed jobs early and
 * remove ended ones early; one whose clock is behind would begin them late; and
 * either would ask Redis in a loop, or sleep, for as long as the clocks differ.
 */
export class RedisTimeBackend extends RedisQueueBackend {
  /** How long a worker over it has not come round. */
  readonly age = new LoopAge();
  readonly #clock: Clock;

  constructor(clock: Clock, ...parts: BackendParts) {
    super(...parts);
    this.#clock = clock;
  }

  override async execCommand(...[client, name, args]: Parameters<RedisQueueBackend['execCommand']>): Promise<unknown> {
    const moment = MOMENTS[name];
    if (!moment) return super.execCommand(client, name, args);
    await this.#clock.measured;
    args[moment.place] = this.#clock.now(); // in its place, because BullMQ reads it there as the job's finishedOn
    const reply: unknown = await super.execCommand(client, name, args);
    this.age.round();
    if (moment.fetches && Array.isArray(reply)) reply[DELAYED_UNTIL] = this.#toOwn(Number(reply[DELAYED_UNTIL]));
    return reply;
  }

  override get maximumBlockTimeout(): number {
    return BLOCK_MS / 1000;
  }

  /** Called before BullMQ runs a job. */
  onBegin(_jobId: string): void {}

  /**
   * Called when BullMQ runs a job no more, before it writes the
   * job's end; also where it had not begun, and several times.
   */
  onEnd(_jobId: string): void {}

  override async waitForJob(...args: Parameters<RedisQueueBackend['waitForJob']>) {
    const marker = await super.waitForJob(...args);
    this.age.round();
    return marker && { ...marker, score: this.#toOwn(marker.score) };
  }

  /** A moment by this process' own clock; 0, which is none, stays 0. */
  #toOwn(moment: number): number {
    return moment > 0 ? moment - this.#clock.now() + Date.now() : moment;
  }
}

/**
 * A moment so many ms from now, as BullMQ's `job.moveToDelayed`
 * takes it: by this process' own clock. The backend translates it.
 */
export function momentIn(ms: number): number {
  return Date.now() + ms;
}

/** What BullMQ's backend is made of. */
export type BackendParts = ConstructorParameters<typeof RedisQueueBackend>;

/**
 * Makes a factory as BullMQ's own is, for a connection that stays its caller's. BullMQ
 * knows workers by the connection's name. `name`: the worker's, where it has one.
 * `nameOf`: the queue that has a key, where not all keys are of the one that is opened.
 */
export function backendFactory<Backend extends RedisQueueBackend>(
  { redis, keyPrefix }: Store,
  make: (...parts: BackendParts) => Backend,
  { name, nameOf }: { name?: string; nameOf?: (key: string) => string } = {},
): BackendFactory<Backend> {
  return (queueName, opts) => {
    const client = createIORedisClient(redis);
    const queueKeys = new QueueKeys(keyPrefix);
    const connectionName = `${keyPrefix}:${btoa(queueName)}${name === undefined ? '' : `:w:${name}`}`;
    const toKey = (key: string): string => queueKeys.toKey(nameOf ? nameOf(key) : queueName, key);
    return make(
      new RedisConnection(client, { shared: true, blocking: false }),
      queueName,
      Object.fromEntries(Object.keys(queueKeys.getKeys(queueName)).map((key) => [key, toKey(key)])),
      toKey,
      opts,
      new RedisConnection(client.duplicate({ ...BLOCKING, connectionName }), { shared: false, blocking: true }),
    );
  };
}
