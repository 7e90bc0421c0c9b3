/**
 * What operators have paused: all jobs, those of a kind, or the calls of a provider.
 * Jobs are taken on meanwhile and wait; those that run come to their end.
 */
import { parseJson } from '../job/parse-json.ts';
import type { PausedBy } from '../job/paused-by.ts';
import type { Store } from '../store/store.ts';
import { type Action, entryOf } from './action-log.ts';
import { type KnownWorker, takes } from './worker-registry.ts';

/** What is paused. */
export type PauseScope = { scope: 'all' } | { scope: 'kind' | 'provider'; name: string };

/** A pause. `by`: the operator's name. Times are in ms since the epoch, by Redis' clock. */
export type OperatorPause = PauseScope & PausedBy & { by: string };

/** What came of it: another operator may have been faster. */
export type PauseOutcome = 'paused' | 'changed' | 'resumed' | 'not paused';

/** A scope as it is stored, and named in the log: `all`, `kind NAME` or `provider NAME`. */
export function scopeText(scope: PauseScope): string {
  return scope.scope === 'all' ? 'all' : `${scope.scope} ${scope.name}`;
}

const KEYS = ['pauses', 'meta', 'events', 'actions'] as const;

function keysOf({ keys }: Store) {
  return { pauses: keys.admin.pauses, actions: keys.admin.actions, ...keys.allOf(['meta', 'events']) };
}

/** Pauses and resumes. Its calls reject with `queue_unavailable` while Redis is away. */
export class OperatorPauses {
  readonly #store;
  readonly #pause;
  readonly #resume;

  constructor(store: Store) {
    this.#store = store;
    this.#pause = store.script(new URL('scripts/pause.lua', import.meta.url), {
      keys: KEYS,
      args: ['scope', 'detail', 'entry', 'untilMs'],
    });
    this.#resume = store.script(new URL('scripts/resume.lua', import.meta.url), { keys: KEYS, args: ['scope', 'entry'] });
  }

  /** Pauses a scope, or changes its pause. `untilMs`: for how long, in ms; 0 for no end. */
  pause(scope: PauseScope, action: Action, untilMs = 0): Promise<PauseOutcome> {
    const { by, reason } = action;
    const texts = { scope: scopeText(scope), detail: JSON.stringify({ by, reason }), entry: entryOf(action) };
    return this.#store.orUnavailable(async () => (await this.#pause({ ...keysOf(this.#store), ...texts, untilMs })) as PauseOutcome);
  }

  resume(scope: PauseScope, action: Action): Promise<PauseOutcome> {
    const texts = { scope: scopeText(scope), entry: entryOf(action) };
    return this.#store.orUnavailable(async () => (await this.#resume({ ...keysOf(this.#store), ...texts })) as PauseOutcome);
  }
}

/** What operators want of a process: what is paused; of a worker also whether it is quiet. */
export type OperatorOrders = { pauses: OperatorPause[]; quiet: boolean };

/** What a worker that is quiet says that it holds. */
export const QUIET = 'quiet';

/**
 * Makes the function that reads them. Pauses whose time is over are lifted by that. `worker`: its
 * id; it says what it holds by now.
 */
export function createReadOrders(store: Store, worker = ''): (held?: OperatorOrders) => Promise<OperatorOrders> {
  const script = store.script(new URL('scripts/read_pauses.lua', import.meta.url), {
    keys: ['pauses', 'quiet', 'holding', 'meta', 'events', 'actions'],
    args: ['worker', 'holds'],
  });
  const { quiet, holding } = store.keys.admin;
  const shared = { ...keysOf(store), quiet, holding, worker };
  return async (held) => {
    const holds = held ? JSON.stringify([...held.pauses.map(scopeText), ...(held.quiet ? [QUIET] : [])]) : '';
    const [entries, asked] = (await script({ ...shared, holds })) as [entries: string[], quiet: string];
    const pauses = entries.flatMap((scope, n) => (n % 2 === 0 ? toPause(scope, entries[n + 1] ?? '') : []));
    return { pauses, quiet: asked !== '' };
  };
}

/** How long an operator's request waits for workers, in ms, and how often it looks. */
const PATIENCE_MS = 3000;
const LOOK_MS = 50;

/**
 * Resolves with how many of these workers hold something: once all do, so that no job begins after
 * the answer, or after a time. One of an older version, or that stands still, never says it.
 */
export async function untilHeld({ redis, keys }: Store, what: string, workers: readonly string[]): Promise<number> {
  for (const end = performance.now() + PATIENCE_MS; ; await new Promise((resolve) => setTimeout(resolve, LOOK_MS))) {
    const said = workers.length === 0 ? [] : await redis.hmget(keys.admin.holding, ...workers);
    const holding = said.filter((text) => (parseJson(text ?? '[]') as string[] | undefined)?.includes(what)).length;
    if (holding === workers.length || performance.now() > end) return holding;
  }
}

function toPause(text: string, value: string): OperatorPause[] {
  const [, scope, name] = /^(all|kind|provider)(?: (.+))?$/.exec(text) ?? [];
  const [, until, since, json = ''] = /^(\d+) (\d+) (.*)$/s.exec(value) ?? [];
  const detail = parseJson(json) as { by?: unknown; reason?: unknown } | null | undefined;
  if (scope === undefined || since === undefined || (scope === 'all') !== (name === undefined)) return [];
  const what = { scope, ...(name !== undefined && { name }) } as PauseScope;
  const reason = typeof detail?.reason === 'string' ? detail.reason : undefined;
  const by = typeof detail?.by === 'string' ? detail.by : '';
  return [{ ...what, by, reason, since: Number(since), until: Number(until) || undefined }];
}

/** Whether a pause of a provider is one of this provider: `azure` also means `azure-vision`. */
export function isOfProvider(name: string, provider: string): boolean {
  return provider === name || provider.startsWith(`${name}-`);
}

/**
 * Why jobs of a kind do not begin; undefined where they do. A provider's
 * pause holds them if no other one does the kind.
 */
export function pauseOf(kind: string, pauses: readonly OperatorPause[], workers: readonly KnownWorker[]): OperatorPause | undefined {
  const own = pauses.find((pause) => pause.scope === 'all' || (pause.scope === 'kind' && pause.name === kind));
  if (own || pauses.length === 0) return own;
  const providers = workers.flatMap((worker) => {
    const support = worker.kinds[kind];
    return worker.live && takes(worker, kind) && support?.available ? [support.provider] : [];
  });
  const held = providers.map((provider) => pauses.find((pause) => pause.scope === 'provider' && isOfProvider(pause.name, provider)));
  return held.length > 0 && held.every((pause) => pause !== undefined) ? held[0] : undefined;
}
