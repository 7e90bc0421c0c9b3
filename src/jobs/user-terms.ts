/** What operators set for single users: blocked, a weight in the fair queue, a bound of open jobs. */
import { parseJson } from '../job/parse-json.ts';
import { tenantOf, userOf } from '../job/tenant.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import { type Action, entryOf } from './action-log.ts';

/** The terms. What is absent is as for other users of the same plan. */
export type UserTerms = {
  /** Whether submissions and retries are refused. */
  blocked: boolean;
  /** How many jobs run for one of another user's, when both have some that wait. */
  weight?: number | undefined;
  /** Jobs that have not ended. */
  maxJobs?: number | undefined;
};

/** The terms as they are kept. Times are in ms since the epoch. */
export type KeptUserTerms = UserTerms & { by: string; reason?: string | undefined; since: number; until?: number | undefined };

/** Sets and reads terms. Its calls reject with `queue_unavailable` while Redis is away. */
export class UserTermsBook {
  readonly #store;
  readonly #set;

  constructor(store: Store) {
    this.#store = store;
    this.#set = store.script(new URL('scripts/set_user.lua', import.meta.url), {
      keys: ['users', 'actions'],
      args: ['tenant', 'plain', 'blocked', 'weight', 'maxJobs', 'untilMs', 'detail', 'entry'],
    });
  }

  /** Sets a user's terms in place of those before. `untilMs`: for how long, in ms; 0 for no end. */
  async set(user: string, { blocked, weight = 0, maxJobs = 0 }: UserTerms, action: Action, untilMs = 0): Promise<void> {
    const { users, actions } = this.#store.keys.admin;
    const plain = !blocked && weight === 0 && maxJobs === 0 ? 1 : 0;
    const terms = { plain, blocked: blocked ? 1 : 0, weight, maxJobs, untilMs };
    const texts = { detail: JSON.stringify({ by: action.by, reason: action.reason }), entry: entryOf(action) };
    await this.#store.orUnavailable(() => this.#set({ users, actions, tenant: tenantOf(user, undefined), ...terms, ...texts }));
  }

  /** A user's terms; undefined where no operator has set any. */
  async of(user: string): Promise<KeptUserTerms | undefined> {
    const { redis, keys, clock } = this.#store;
    const read = () => redis.hget(keys.admin.users, tenantOf(user, undefined)).catch(ifWrongType(null));
    const terms = toTerms((await this.#store.orUnavailable(read)) ?? '');
    return terms?.until !== undefined && terms.until <= clock.now() ? undefined : terms;
  }

  /** All users for whom operators have set something, by id: a user, and the terms. */
  async list(): Promise<[user: string, terms: KeptUserTerms][]> {
    const { redis, keys, clock } = this.#store;
    const read = () => redis.hgetall(keys.admin.users).catch(ifWrongType<Record<string, string>>({}));
    const entries = Object.entries(await this.#store.orUnavailable(read)).flatMap(([tenant, text]): [string, KeptUserTerms][] => {
      const [user, terms] = [userOf(tenant), toTerms(text)];
      if (user === undefined || !terms || (terms.until !== undefined && terms.until <= clock.now())) return [];
      return [[user, terms]];
    });
    return entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
  }
}

function toTerms(text: string): KeptUserTerms | undefined {
  const [, until, blocked, weight, maxJobs, since, json = ''] = /^(\d+) ([01]) ([\d.]+) (\d+) (\d+) (.*)$/s.exec(text) ?? [];
  if (since === undefined) return undefined;
  return {
    blocked: blocked === '1',
    weight: Number(weight) || undefined,
    maxJobs: Number(maxJobs) || undefined,
    since: Number(since),
    until: Number(until) || undefined,
    ...whyOf(json),
  };
}

/** Who has set it and why, of an entry. */
export function whyOf(json: string): { by: string; reason?: string | undefined } {
  const detail = parseJson(json) as { by?: unknown; reason?: unknown } | null | undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return { by: text(detail?.by) ?? '', reason: text(detail?.reason) };
}
