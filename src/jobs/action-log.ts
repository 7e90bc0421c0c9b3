/**
 * The action log: what operators have changed, and what came of it. A change
 * that one script makes is written to it by the same script.
 */
import { parseJson } from '../job/parse-json.ts';
import type { Store } from '../store/store.ts';

/** Who does what, and why. It has no contents of jobs. */
export type Action = {
  /** The operator's name; `time` for what ends by itself. */
  by: string;
  /** What is done, such as `pause`. */
  what: string;
  /** What it is about, such as `kind generate-audio`. */
  scope: string;
  reason?: string | undefined;
  /** The id of the request that asked for it. */
  requestId?: string | undefined;
};

/** Numbers of an action, such as how many jobs were retried. */
export type ActionCounts = Readonly<Record<string, number>>;

/** An action with what came of it. `at`: in ms since the epoch, by Redis' clock. */
export type LoggedAction = Action & { id: string; at: number; result: string; counts?: ActionCounts | undefined };

/** How many actions are kept. */
export const ACTIONS_KEPT = 1000;

/** The entry of an action, as scripts append it. */
export function entryOf({ by, what, scope, reason, requestId }: Action): string {
  return JSON.stringify({ by, what, scope, reason, requestId });
}

/** The action log. Its calls reject with `queue_unavailable` while Redis is away. */
export class ActionLog {
  readonly #store;
  readonly #append;

  constructor(store: Store) {
    this.#store = store;
    this.#append = store.script(new URL('scripts/log_action.lua', import.meta.url), {
      keys: ['actions'],
      args: ['entry', 'result', 'counts'],
    });
  }

  /** Appends an action. `result`: what came of it, such as `done`. */
  async write(action: Action, result: string, counts?: ActionCounts): Promise<void> {
    const { actions } = this.#store.keys.admin;
    const texts = { entry: entryOf(action), result, counts: counts ? JSON.stringify(counts) : '' };
    await this.#store.orUnavailable(() => this.#append({ actions, ...texts }));
  }

  /** The last actions, newest first. */
  async read(limit = ACTIONS_KEPT): Promise<LoggedAction[]> {
    const { redis, keys } = this.#store;
    const read = () => redis.xrevrange(keys.admin.actions, '+', '-', 'COUNT', limit);
    const entries = await this.#store.orUnavailable(() => this.#store.mending(keys.admin.actions, 'stream', read));
    return entries.flatMap(([id, fields]) => toAction(id, fields));
  }
}

/** Reads an entry of the stream; nothing where others have written it. */
function toAction(id: string, [, text = '', , result = '', , counts = '']: string[]): LoggedAction[] {
  const action = parseJson(text) as Action | null | undefined;
  if (typeof action !== 'object' || action === null || typeof action.what !== 'string') return [];
  const numbers = parseJson(counts === '' ? 'null' : counts) as ActionCounts | null | undefined;
  return [{ id, at: Number.parseInt(id, 10), ...action, result, ...(numbers && { counts: numbers }) }];
}
