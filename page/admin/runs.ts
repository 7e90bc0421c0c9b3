/** The runs that were started in this tab, each followed to its end. */
import { pause } from '../../client/src/request.ts';
import { element, setText } from '../dom.ts';
import { Keyed } from '../keyed.ts';
import type { BulkRun } from './answers.ts';
import { BULK_WORDS } from './bulk.ts';
import type { AskServer } from './operator-api.ts';
import { countIn } from './words.ts';

/** How often a run is looked at, in ms. */
const LOOK_MS = 700;

/** What is shown of one. `trouble`: why it can't be told how far it is. */
type Followed = BulkRun & { trouble?: string };

/** The list; it is not there while it is empty. */
export class Runs {
  readonly node = element('ul', { class: 'runs', 'aria-label': 'Runs', hidden: true });
  readonly #ask: AskServer;
  readonly #onDone: () => void;
  readonly #rows: Keyed<Followed>;
  readonly #left = new AbortController();
  #runs: Followed[] = [];

  /** `onDone`: a run is done. */
  constructor(ask: AskServer, onDone: () => void) {
    this.#ask = ask;
    this.#onDone = onDone;
    this.#rows = new Keyed<Followed>(this.node, { keyOf: ({ runId }) => runId, make: (run) => this.#drawRun(run) });
  }

  /** Follows a run to its end. */
  async follow(runId: string): Promise<void> {
    const { signal } = this.#left;
    while (!signal.aborted) {
      const run = await this.#ask<BulkRun>(`/admin/runs/${encodeURIComponent(runId)}`).catch(() => undefined);
      if (run) this.#put(run);
      if (run?.state === 'done') return this.#onDone();
      await pause(LOOK_MS, signal).catch(() => {});
    }
  }

  /** Follows no more. */
  leave(): void {
    this.#left.abort();
  }

  #put(run: Followed): void {
    this.#draw([...this.#runs.filter(({ runId }) => runId !== run.runId), run]);
  }

  #draw(runs: Followed[]): void {
    this.#runs = runs;
    this.#rows.update(runs);
    this.node.hidden = runs.length === 0;
  }

  #drawRun(first: Followed) {
    const text = element('span', { role: 'status', 'aria-label': 'Run' });
    const bar = element('progress', { max: Math.max(first.count, 1), 'aria-label': 'Progress of the run' });
    const remove = (): void => this.#draw(this.#runs.filter(({ runId }) => runId !== first.runId));
    const close = element('button', { type: 'button', class: 'quiet small', click: remove }, 'Close');
    const update = (run: Followed): void => {
      setText(text, wordsOf(run));
      bar.setAttribute('value', String(run.processed));
      close.hidden = run.state !== 'done';
    };
    update(first);
    return { node: element('li', { class: 'panel' }, text, bar, close), update };
  }
}

function wordsOf({ action, scope, state, count, processed, done, skipped = 0 }: Followed): string {
  const what = `${BULK_WORDS[action].verb} (${scope})`;
  if (state !== 'done') return `${what}: ${processed} of ${countIn(count, 'job')}`;
  const left = skipped === 0 ? '' : `, ${skipped} had changed before`;
  return `${what}: done, ${done} of ${countIn(count, 'job')}${left}`;
}
