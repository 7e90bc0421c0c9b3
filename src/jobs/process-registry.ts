/**
 * The registry of processes: each API and each worker says which stored formats and places it knows,
 * so that a new one is used only once all that live can read it. Then versions may stand beside each
 * other while they are replaced one by one.
 */
import { Cluster } from 'ioredis';
import { NOTIFICATIONS } from '../store/keys.ts';
import { startRounds } from '../store/rounds.ts';
import type { Store } from '../store/store.ts';
import { isForbidden } from '../store/store-facts.ts';
import { REGISTRY_TIMES, type RegistryTimes } from './worker-registry.ts';

/**
 * What this version knows and older ones do not. A name is added with what it stands for, and is
 * never given another meaning.
 */
export const KNOWN = ['short-rows', 'lanes'] as const;

/** The name of something that this version knows and older ones do not. */
export type Feature = (typeof KNOWN)[number];

/**
 * For how long after an upgrade what is stored of ended jobs stays such that the version before can
 * read it, in ms: it may be gone back to.
 */
export const ROLLBACK_MS = 86_400_000;

/** How old what is known of the other processes may be, in ms. */
const AGE_MS = 1500;

/**
 * For how long it is remembered that a process was seen that lacks a feature, in ms. Nobody may
 * want to wait for longer.
 */
const REMEMBERED_MS = 7 * 86_400_000;

/**
 * What the worker of notifications is called in this version's APIs. In the APIs before, which are
 * in no registry, it has no name, and by this they are told apart in Redis' list of its clients.
 */
export const NOTIFIER_NAME = 'api';

/** What a process enters the registry with. */
export type ProcessOptions = {
  /** Another one for each process. A worker has the same one in the registry of workers. */
  id: string;
  onError: (error: unknown) => void;
  /** What it knows, where that is not all that this version knows. */
  knows?: readonly string[];
  times?: RegistryTimes;
};

/** A process's entry, which a heartbeat renews, and what it is told of the others. */
export class ProcessRegistry {
  readonly #store: Store;
  readonly #options: ProcessOptions & { times: RegistryTimes };
  readonly #script;
  readonly #olderApi: string;
  #stopBeating: (() => void) | undefined;
  #left = false;
  /** Whether an API was seen that is in no registry; undefined while that is not known. */
  #seesOlderApi: boolean | undefined;
  /** The versions that are in no registry know no cluster. */
  #mayListClients: boolean;
  #latest: { at: number; lackedAgoMs: Promise<Map<string, number>> } | undefined;

  /** `store`: over a connection that fails while Redis is away. */
  constructor(store: Store, options: ProcessOptions) {
    this.#store = store;
    this.#mayListClients = !(store.redis instanceof Cluster);
    this.#options = { times: REGISTRY_TIMES, ...options };
    this.#script = store.script(new URL('scripts/enter_process.lua', import.meta.url), {
      keys: ['processes', 'knows', 'lacked', 'workers', 'workersSeen'],
      args: ['id', 'names', 'olderApi', 'keptMs', 'rememberedMs'],
    });
    this.#olderApi = ` name=${store.keyPrefix}:${Buffer.from(NOTIFICATIONS).toString('base64')} `;
  }

  /** Says that this process lives. The first call begins the heartbeat. */
  async enter(): Promise<void> {
    const { times, onError } = this.#options;
    this.#stopBeating ??= startRounds(() => this.#beat(), { everyMs: times.leaseMs / 3, onError });
    await this.#beat().catch(onError);
  }

  /** Stops the heartbeat, and says that this process is gone. */
  async leave(): Promise<void> {
    this.#stopBeating?.();
    this.#left = true;
    const { redis, keys, clock } = this.#store;
    const { id, times, onError } = this.#options;
    await redis.zadd(keys.processes, 'XX', clock.now() - times.leaseMs, id).catch(onError);
  }

  /**
   * Whether all processes that live know a feature, and none that lacks it was seen for `settledMs`
   * (without it for as long as a process counts as live). What can't be found out counts as no, so
   * it never rejects. It may be asked for each job: the answer is kept for a moment.
   */
  async agreed(feature: Feature, settledMs = this.#options.times.leaseMs): Promise<boolean> {
    if (this.#left || this.#seesOlderApi === undefined) return false;
    const lackedAgoMs = await this.#look(AGE_MS).catch(() => undefined);
    return lackedAgoMs !== undefined && (lackedAgoMs.get(feature) ?? Infinity) > settledMs;
  }

  async #beat(): Promise<void> {
    try {
      this.#seesOlderApi = this.#mayListClients && (await this.#listClients());
      await this.#look(0);
    } catch (error) {
      this.#seesOlderApi = undefined;
      throw error;
    }
  }

  /** A user of Redis that may not list its clients sees only what is in the registries. */
  async #listClients(): Promise<boolean> {
    try {
      return String(await this.#store.redis.client('LIST')).includes(this.#olderApi);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      this.#mayListClients = false;
      return false;
    }
  }

  #look(maxAgeMs: number): Promise<Map<string, number>> {
    if (!this.#latest || performance.now() - this.#latest.at >= maxAgeMs) {
      const lackedAgoMs = this.#lookNow();
      this.#latest = { at: performance.now(), lackedAgoMs };
      lackedAgoMs.catch(() => (this.#latest = undefined));
    }
    return this.#latest.lackedAgoMs;
  }

  /** Resolves with how long ago a process was seen that lacks a feature, in ms. */
  async #lookNow(): Promise<Map<string, number>> {
    const { processes, processesKnow, processesLacked, workers, workersSeen } = this.#store.keys;
    const touched = { processes, knows: processesKnow, lacked: processesLacked, workers, workersSeen };
    const { id, times, knows = KNOWN } = this.#options;
    const entry = { id, names: knows.join(' '), olderApi: this.#seesOlderApi ? 1 : 0 };
    const reply = (await this.#script({ ...touched, ...entry, keptMs: times.keptMs, rememberedMs: REMEMBERED_MS }, KNOWN)) as number[];
    return new Map(KNOWN.flatMap((feature, n) => ((reply[n] ?? 0) < 0 ? [] : [[feature, reply[n] ?? 0] as const])));
  }
}
