/**
 * BullMQ's backend by Redis' clock. BullMQ reckons by its own
 * process' clock; its moments are translated on their way in and out.
 */
import { type BackendFactory, createIORedisClient, QueueKeys, RedisConnection, RedisQueueBackend } from 'bullmq';
import { Cluster } from 'ioredis';
import type { Clock } from './clock.ts';
import { LoopAge } from './loop-age.ts';
import { BLOCK_MS, BLOCKING } from './patience.ts';
import { atMost, inTime } from './pauses.ts';
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
 * How much longer than it asked for a wait may take, in ms. BullMQ's own bound renews the connection
 * and waits for that, which may never come to its end with a cluster.
 */
const LATE_MS = 4000;

/** How long the connection that is waited on has for its end, in ms. */
const CLOSE_MS = 2000;

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
    const [blockTimeout] = args;
    const marker = await inTime(super.waitForJob(...args), blockTimeout * 1000 + LATE_MS);
    this.age.round();
    return marker && { ...marker, score: this.#toOwn(marker.score) };
  }

  /** Bounded: an ioredis cluster may never tell that it has ended. */
  override disconnectBlocking(wait?: boolean): Promise<void> {
    return atMost(CLOSE_MS, super.disconnectBlocking(wait));
  }

  /** Bounded: as the end, so may the beginning never be told. */
  override reconnectBlocking(): Promise<void> {
    return atMost(CLOSE_MS, super.reconnectBlocking());
  }

  /** Bounded: a node that stands still does not answer `QUIT`. */
  override close(force?: boolean): Promise<void> {
    return atMost(CLOSE_MS, super.close(force));
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
      // Of a cluster it is not `blocking` to BullMQ, which would
      // connect it anew beside ioredis, and wait for that.
      new RedisConnection(client.duplicate({ ...BLOCKING, connectionName }), { shared: false, blocking: !(redis instanceof Cluster) }),
    );
  };
}
