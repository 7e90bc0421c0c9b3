/** The runs that were started in this tab, each followed to its end, also over a reload. */
import { ApiError } from '../../client/src/problem.ts';
import { pause } from '../../client/src/request.ts';
import { element, setText } from '../dom.ts';
import { Keyed } from '../keyed.ts';
import type { BulkRun } from './answers.ts';
import { BULK_WORDS } from './bulk.ts';
import type { AskServer } from './operator-api.ts';
import { countIn } from './words.ts';

/** How often a run is looked at, in ms. */
const LOOK_MS = 700;

const KEY = 'ai-jobs:admin-runs';

/** The list; it is not there while it is empty. */
export class Runs {
  readonly node = element('ul', { class: 'runs', 'aria-label': 'Runs', hidden: true });
  readonly #ask: AskServer;
  readonly #onDone: () => void;
  readonly #rows: Keyed<BulkRun>;
  readonly #left = new AbortController();
  #runs: BulkRun[] = [];

  /** `onDone`: a run is done. */
  constructor(ask: AskServer, onDone: () => void) {
    this.#ask = ask;
    this.#onDone = onDone;
    this.#rows = new Keyed<BulkRun>(this.node, { keyOf: ({ runId }) => runId, make: (run) => this.#drawRun(run) });
    for (const runId of keptIds()) void this.follow(runId);
  }

  /** Follows a run to its end. */
  async follow(runId: string): Promise<void> {
    const { signal } = this.#left;
    keepIds([...new Set([...keptIds(), runId])]);
    while (!signal.aborted) {
      const run = await this.#look(runId);
      if (signal.aborted) return;
      if (run === 'gone') return this.#forget(runId);
      if (run) this.#put(run);
      if (run?.state === 'done') return this.#onDone();
      await pause(LOOK_MS, signal).catch(() => {});
    }
  }

  /** Follows no more, and forgets what was followed. */
  leave(): void {
    this.#left.abort();
    keepIds([]);
  }

  /** How far a run is: `gone` where the server does not know it any more, undefined where it does not answer. */
  async #look(runId: string): Promise<BulkRun | 'gone' | undefined> {
    try {
      return await this.#ask<BulkRun>(`/admin/runs/${encodeURIComponent(runId)}`);
    } catch (error) {
      return error instanceof ApiError && error.status === 404 ? 'gone' : undefined;
    }
  }

  #put(run: BulkRun): void {
    const isKnown = this.#runs.some(({ runId }) => runId === run.runId);
    this.#draw(isKnown ? this.#runs.map((one) => (one.runId === run.runId ? run : one)) : [...this.#runs, run]);
  }

  #forget(runId: string): void {
    keepIds(keptIds().filter((id) => id !== runId));
    this.#draw(this.#runs.filter((run) => run.runId !== runId));
  }

  #draw(runs: BulkRun[]): void {
    this.#runs = runs;
    this.#rows.update(runs);
    this.node.hidden = runs.length === 0;
  }

  #drawRun(first: BulkRun) {
    const text = element('span', { role: 'status', 'aria-label': 'Run' });
    const bar = element('progress', { max: Math.max(first.count, 1), 'aria-label': 'Progress of the run' });
    const remove = (): void => this.#forget(first.runId);
    const close = element('button', { type: 'button', class: 'quiet small', click: remove }, 'Close');
    const update = (run: BulkRun): void => {
      setText(text, wordsOf(run));
      bar.setAttribute('value', String(run.processed));
      close.hidden = run.state !== 'done';
    };
    update(first);
    return { node: element('li', { class: 'panel' }, text, bar, close), update };
  }
}

function wordsOf({ action, scope, state, count, processed, done, skipped = 0 }: BulkRun): string {
  const what = `${BULK_WORDS[action].verb} (${scope})`;
  if (state !== 'done') return `${what}: ${processed} of ${countIn(count, 'job')}`;
  const left = skipped === 0 ? '' : `, ${skipped} had changed before`;
  return `${what}: done, ${done} of ${countIn(count, 'job')}${left}`;
}

/** The ids of the runs that this tab follows. */
function keptIds(): string[] {
  return (sessionStorage.getItem(KEY) ?? '').split(' ').filter((id) => id !== '');
}

function keepIds(ids: readonly string[]): void {
  if (ids.length === 0) sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, ids.join(' '));
}
