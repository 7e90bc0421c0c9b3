/**
 * Bulk actions: operators retry, cancel or erase many jobs. First it is reckoned which jobs that
 * are, then it is started by its id; any API process does it, and another goes on if that one dies.
 */
import type { ChainableCommander } from 'ioredis';
import { parseJson } from '../job/parse-json.ts';
import type { Store } from '../store/store.ts';
import { type Action, entryOf } from './action-log.ts';

/** What is done with each job. */
export const BULK_ACTIONS = ['retry', 'cancel', 'purge'] as const;
export type BulkKind = (typeof BULK_ACTIONS)[number];

/** What jobs cost again, in US dollars: `known` where each price is. */
export type BulkPrice = { usd: number; known: boolean };

/** A bulk action. Times are in ms since the epoch. */
export type BulkAction = {
  id: string;
  what: BulkKind;
  /** Which jobs, in words. */
  scope: string;
  state: 'ready' | 'running' | 'done';
  /** How many jobs, how many of them it has come to, and how many of these were changed. */
  count: number;
  processed: number;
  done: number;
  price: BulkPrice;
  by: string;
  startedBy?: string | undefined;
  /** How many jobs a second. */
  rate?: number | undefined;
  startedAt?: number | undefined;
  finishedAt?: number | undefined;
  /** Until when it can be started. */
  expiresAt: number;
};

/** A job of an action. `endedAt`: when it had ended as it was found; 0 where it had not. */
export type BulkJob = { id: string; endedAt: number };

/** What came of starting one. */
export type BulkStart = 'started' | 'running' | 'done' | 'unknown';

/** How long a reckoned action can be started, and how long a started one is kept, in s. */
export const READY_S = 300;
const KEPT_S = 7 * 24 * 3600;

/** For how long a process has an action without coming back, in ms. */
export const LEASE_MS = 10_000;

/** How many jobs one command stores. */
const STORED_AT_ONCE = 1000;

/**
 * The actions as all processes share them. Its calls reject with `queue_unavailable` while
 * Redis is away.
 */
export class BulkActions {
  readonly #store;
  readonly #start;
  readonly #claim;
  readonly #advance;

  constructor(store: Store) {
    const keys = ['action', 'jobs', 'bulk', 'actions'] as const;
    const script = <const Arg extends string>(name: string, args: readonly Arg[]) =>
      store.script(new URL(`scripts/${name}.lua`, import.meta.url), { keys, args });
    this.#store = store;
    this.#start = script('start_bulk', ['id', 'what', 'rate', 'by', 'entry', 'keptS']);
    this.#advance = script('advance_bulk', ['id', 'claim', 'count', 'did', 'ends', 'leaseMs']);
    this.#claim = store.script(new URL('scripts/claim_bulk.lua', import.meta.url), { keys: ['bulk'], args: ['leaseMs'] });
  }

  /**
   * Keeps an action for a while in which it can be started. Its jobs are these, whatever becomes
   * of others.
   */
  keep(id: string, action: Pick<BulkAction, 'what' | 'scope' | 'by' | 'price'>, jobs: readonly BulkJob[]): Promise<BulkAction> {
    const { redis, keys, clock } = this.#store;
    const fields = {
      ...action,
      price: JSON.stringify(action.price),
      state: 'ready',
      count: jobs.length,
      processed: 0,
      done: 0,
      expiresAt: Math.round(clock.now() + READY_S * 1000),
    };
    return this.#store.orUnavailable(async () => {
      const [list, hash] = [keys.admin.bulkJobs(id), keys.admin.bulkAction(id)];
      // Each with its end in one step: what a killed process leaves goes by itself.
      for (let from = 0; from < jobs.length; from += STORED_AT_ONCE) {
        const entries = jobs.slice(from, from + STORED_AT_ONCE).map((job) => `${job.id} ${job.endedAt}`);
        await all(
          redis
            .multi()
            .rpush(list, ...entries)
            .expire(list, 2 * READY_S),
        );
      }
      await all(redis.multi().hset(hash, fields).expire(hash, READY_S));
      return toAction(id, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)])));
    });
  }

  /** Starts it, once. `rate`: how many jobs a second. */
  start(id: string, what: BulkKind, rate: number, action: Action): Promise<BulkStart> {
    const asked = { ...this.#keysOf(id), id, what, rate, by: action.by, entry: entryOf(action), keptS: KEPT_S };
    return this.#store.orUnavailable(async () => (await this.#start(asked)) as BulkStart);
  }

  /** Reads one; undefined if there is none, or none any more. */
  read(id: string): Promise<BulkAction | undefined> {
    const { redis, keys } = this.#store;
    return this.#store.orUnavailable(async () => {
      const fields = await redis.hgetall(keys.admin.bulkAction(id));
      return fields['state'] === undefined ? undefined : toAction(id, fields);
    });
  }

  /** Claims one that goes on and that no process is at. */
  async claim(): Promise<{ id: string; claim: string } | undefined> {
    const [id, claim] = (await this.#claim({ bulk: this.#store.keys.admin.bulk, leaseMs: LEASE_MS })) as string[];
    return id === undefined || claim === undefined ? undefined : { id, claim };
  }

  /** The jobs that are next. */
  async next(id: string, count: number): Promise<BulkJob[]> {
    const entries = await this.#store.redis.lrange(this.#store.keys.admin.bulkJobs(id), 0, count - 1);
    return entries.map((entry) => {
      const [jobId = '', endedAt] = entry.split(' ');
      return { id: jobId, endedAt: Number(endedAt) || 0 };
    });
  }

  /**
   * Notes that the next `count` are over. Resolves with the new claim; '' where it is over, or
   * another process has it.
   */
  async advance(id: string, claim: string, { count, did, ends }: { count: number; did: number; ends: boolean }): Promise<string> {
    return String(await this.#advance({ ...this.#keysOf(id), id, claim, count, did, ends: ends ? 1 : 0, leaseMs: LEASE_MS }));
  }

  #keysOf(id: string) {
    const { admin } = this.#store.keys;
    return { action: admin.bulkAction(id), jobs: admin.bulkJobs(id), bulk: admin.bulk, actions: admin.actions };
  }
}

/** Runs commands in one step. Rejects if one of them fails. */
async function all(commands: ChainableCommander): Promise<void> {
  for (const [error] of (await commands.exec()) ?? []) if (error) throw error;
}

function toAction(id: string, fields: Record<string, string>): BulkAction {
  const number = (name: string) => Number(fields[name]) || undefined;
  const price = parseJson(fields['price'] ?? '') as BulkPrice | undefined;
  return {
    id,
    what: BULK_ACTIONS.find((what) => what === fields['what']) ?? 'cancel',
    scope: fields['scope'] ?? '',
    state: fields['state'] === 'done' || fields['state'] === 'running' ? fields['state'] : 'ready',
    count: number('count') ?? 0,
    processed: number('processed') ?? 0,
    done: number('done') ?? 0,
    price: price ?? { usd: 0, known: false },
    by: fields['by'] ?? '',
    startedBy: fields['startedBy'],
    rate: number('rate'),
    startedAt: number('startedAt'),
    finishedAt: number('finishedAt'),
    expiresAt: number('expiresAt') ?? 0,
  };
}
