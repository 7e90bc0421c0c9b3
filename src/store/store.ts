/**
 * A process's way to Redis: over each connection the names of keys,
 * scripts, the shared clock, and two ways of meeting trouble.
 */
import type { Logger } from 'pino';
import { OwnError } from '../job/own-error.ts';
import { RedisClock, type Clock } from './clock.ts';
import { type Keys, keysUnder } from './keys.ts';
import type { OnOutage } from './patience.ts';
import { queueUnavailable } from './queue-unavailable.ts';
import { connect, readyWithin } from './redis-connection.ts';
import { type BatchScript, type BatchSignature, defineBatchScript, defineScript, type Script, type Signature } from './script.ts';
import { readStoreFacts, warningsOf, whyUnusable } from './store-facts.ts';
import { StoreMonitor } from './store-monitor.ts';
import { distrust, isUntrusted, type StoreTls, UNCHECKED } from './store-tls.ts';
import { isWrongType, NodeError, storeTrouble } from './store-trouble.ts';
import type { RedisClient } from './redis-client.ts';

/** A connection to the store, and what is done over it. The connection stays its maker's to close. */
export class Store {
  readonly redis: RedisClient;
  /** What stands before all keys, such as `{ai-jobs}`. BullMQ takes it as its prefix. */
  readonly keyPrefix: string;
  readonly keys: Keys;
  /** The clock that all processes share. */
  readonly clock: Clock;
  readonly #monitor: StoreMonitor | undefined;
  #mend: Script<'key', 'wanted'> | undefined;

  /** `monitor`: what knows whether Redis takes writes. Without one nothing is repeated. */
  constructor(redis: RedisClient, keyPrefix: string, clock: Clock, monitor?: StoreMonitor) {
    this.redis = redis;
    this.keyPrefix = keyPrefix;
    this.keys = keysUnder(keyPrefix);
    this.clock = clock;
    this.#monitor = monitor;
  }

  /** See {@link defineScript}. */
  script<const Key extends string, const Arg extends string>(file: URL, signature: Signature<Key, Arg>): Script<Key, Arg> {
    return defineScript(this.redis, file, signature);
  }

  /** See {@link defineBatchScript}. */
  batchScript<const Key extends string, const Arg extends string, const EachKey extends string, const EachArg extends string>(
    file: URL,
    signature: BatchSignature<Key, Arg, EachKey, EachArg>,
  ): BatchScript<Key, Arg, EachKey, EachArg> {
    return defineBatchScript(this.redis, file, signature);
  }

  /**
   * For requests: rejects with `queue_unavailable` where a
   * command failed because Redis is away, silent or not ready.
   */
  async orUnavailable<T>(work: () => Promise<T>): Promise<T> {
    // BullMQ waits for a connection that was never ready; a request must not.
    if (this.redis.status !== 'ready') throw queueUnavailable();
    try {
      return await work();
    } catch (error) {
      throw storeTrouble(error) ? queueUnavailable(error) : error;
    }
  }

  /**
   * For work that a refusal leaves undone: repeats it for as
   * long as Redis refuses, each time after Redis is well again.
   */
  retryWhileRefused<T>(work: () => Promise<T>): Promise<T> {
    return this.#monitor?.retryWhileRefused(work) ?? work();
  }

  /**
   * Does some work on a key of ours. If that fails because the key has another type, the key is removed
   * and the work is done again: a structure that others have overwritten must not stop everybody.
   */
  async mending<T>(key: string, type: 'zset' | 'hash' | 'string' | 'stream', work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isWrongType(error)) throw error;
      this.#mend ??= this.script(new URL('scripts/mend_key.lua', import.meta.url), { keys: ['key'], args: ['wanted'] });
      await this.#mend({ key, wanted: type });
      return work();
    }
  }
}

/** What a process opens its store with. */
export type StoreOptions = {
  url: string;
  tls?: StoreTls | undefined;
  keyPrefix: string;
  /** Whether a server is taken that drops keys when its memory is full. */
  mayEvict: boolean;
  log: Pick<Logger, 'info' | 'warn'>;
  logError: (source: string, error: unknown) => void;
  /** The address leads to something that this code can't use, which was found out only after the start. */
  onUnusable: (error: OwnError) => void;
};

/** What the log says once of a Redis without an append-only file. */
const FORGETS =
  'Redis writes no append-only file (appendonly no): what it took since its last snapshot is lost if it dies; set appendonly to yes';

/** How long the start waits for Redis, in ms. */
const START_MS = 3000;

/**
 * The store of a process. Its own connection fails at once
 * while Redis is away; others that it opens close with it.
 */
export class ProcessStore extends Store {
  declare readonly clock: RedisClock;
  readonly monitor: StoreMonitor;
  readonly #options: StoreOptions;
  readonly #opened: RedisClient[];
  #warnings: string[] = [];
  /** Why the server is not trusted, while no connection to it has come about. */
  #distrusted: OwnError | undefined;
  /** Whether the start has waited for the server, and whether a server was looked at. */
  #started = false;
  #judged = false;

  private constructor(options: StoreOptions, redis: RedisClient, clock: RedisClock, monitor: StoreMonitor) {
    super(redis, options.keyPrefix, clock, monitor);
    this.monitor = monitor;
    this.#options = options;
    this.#opened = [redis];
  }

  /**
   * Opens the store and waits a moment for Redis to be there; without it, it opens all the same.
   * @throws OwnError that says all that is wrong with the server, or why it is not trusted
   */
  static async open(options: StoreOptions): Promise<ProcessStore> {
    const { url, tls, keyPrefix, log } = options;
    const redis = connect(url, 'fail', (error) => store.report('redis', error), { tls });
    const monitor = new StoreMonitor(redis, keysUnder(keyPrefix), log);
    const store: ProcessStore = new ProcessStore(options, redis, new RedisClock(redis, log, keysUnder(keyPrefix).probe), monitor);
    await store.#start();
    return store;
  }

  /** Opens another connection. `wait`: its commands wait while Redis is away. */
  connect(onOutage: OnOutage, options?: { lazyConnect?: boolean }): Store {
    const { url, tls } = this.#options;
    const redis = connect(url, onOutage, this.onError('redis'), { tls, ...options });
    this.#opened.push(redis);
    return new Store(redis, this.keyPrefix, this.clock, this.monitor);
  }

  /** Makes a listener for errors of a part of the process. */
  onError(source: string): (error: unknown) => void {
    return (error) => this.report(source, error);
  }

  /** Takes an error of a part of the process: Redis' trouble goes to the monitor, all else to the log. */
  report(source: string, error: unknown): void {
    const seen = error instanceof NodeError ? error.cause : error;
    if (isUntrusted(seen)) this.#onUntrusted(seen);
    if (error instanceof NodeError && !isOfLogin(seen) && !isUntrusted(seen)) void this.monitor.probe().catch(this.onError(source));
    else if (!this.monitor.report(seen)) this.#options.logError(source, seen);
  }

  /**
   * What an operator should know of the server and of the clocks,
   * a sentence each; looked at anew with each connection to it.
   */
  warnings(): string[] {
    return [...(this.#isUnchecked() ? [UNCHECKED] : []), ...this.#warnings, ...this.clock.warnings()];
  }

  close(): void {
    this.monitor.close();
    this.clock.close();
    for (const redis of this.#opened) redis.disconnect();
  }

  async #start(): Promise<void> {
    const { log, onUnusable } = this.#options;
    const isThere = await readyWithin(this.redis, START_MS);
    if (this.#isUnchecked()) log.warn(UNCHECKED);
    const unusable = isThere ? await this.#look() : this.#distrusted;
    this.#started = true;
    this.#judged = isThere;
    if (unusable) {
      this.close();
      throw unusable;
    }
    if (isThere) await this.clock.measure().catch(this.onError('redis'));
    else log.warn('Redis is out of reach; all that needs it waits until it is there');
    // A process that has started is not ended for what it finds
    // later; only the first server that it meets is judged.
    const judge = async (): Promise<void> => {
      const error = await this.#look();
      if (!this.#judged && error) onUnusable(error);
      this.#judged = true;
    };
    const look = () => void judge().catch(this.onError('redis'));
    this.redis.on('ready', look);
    // A cluster whose master is another one now is not connected to anew.
    this.monitor.watch({
      onTrouble: () => {},
      onBack: () => {
        look();
        void this.clock.measure().catch(this.onError('redis'));
      },
    });
  }

  /** Only the start ends for it: a process that serves waits for a certificate that is right again. */
  #onUntrusted(error: { code: string }): void {
    const distrusted = distrust(error, this.#options.tls?.ca !== undefined);
    if (this.#started && distrusted.message !== this.#distrusted?.message) this.#options.log.warn(distrusted.message);
    this.#distrusted = distrusted;
  }

  #isUnchecked(): boolean {
    return this.#options.tls?.checked === false;
  }

  /** Looks at the server, and logs what is new. Resolves with why it can't be used, or undefined. */
  async #look(): Promise<OwnError | undefined> {
    this.#distrusted = undefined;
    const facts = await readStoreFacts(this.redis, this.keys.probe);
    if (facts.forgets && !this.#judged) this.#options.log.info(FORGETS);
    const known = this.#warnings;
    this.#warnings = warningsOf(facts);
    for (const warning of this.#warnings) if (!known.includes(warning)) this.#options.log.warn(warning);
    return whyUnusable(facts, this.#options.mayEvict);
  }
}

/** Whether a server did not let us in: then no other one will. */
function isOfLogin(error: unknown): boolean {
  return error instanceof Error && /^(NOAUTH|WRONGPASS)/.test(error.message);
}
