/** What is paused, why and until when; and pauses of all, of a kind or of a provider. */
import type { KindInfo } from '../composer.ts';
import { element } from '../dom.ts';
import { timeIn } from '../figures.ts';
import type { Pause, Worker } from './answers.ts';
import type { Desk } from './desk.ts';
import { askToPause, askToResume, nameOf, type Scope } from './pausing.ts';
import { buttonColumn, Table, textColumn } from './table.ts';

/** What it is drawn from. */
export type PausesShown = { pauses: readonly Pause[]; kinds: readonly KindInfo[]; workers: readonly Worker[] };

/** The list, with a button for another pause. */
export class PausesView {
  readonly node: HTMLElement;
  readonly #table: Table<Pause>;
  #scopes: Scope[] = [];

  constructor(desk: Desk) {
    this.#table = new Table<Pause>({
      label: 'Pauses',
      empty: 'Nothing is paused.',
      keyOf: nameOf,
      columns: [
        textColumn('What', nameOf, 'name'),
        textColumn('Reason', ({ reason = '' }) => reason),
        textColumn('Since', ({ since }) => timeIn(since)),
        textColumn('Until', ({ until }) => (until === undefined ? 'it is resumed' : timeIn(until))),
        buttonColumn<Pause>({ label: () => 'Resume', about: nameOf, press: (pause) => askToResume(desk, pause, []) }),
      ],
    });
    const ask = (): void => askToPause(desk, this.#scopes, []);
    const button = element('button', { type: 'button', class: 'quiet small', click: ask }, 'Pause…');
    const head = element('div', { class: 'head' }, element('h2', {}, 'Pauses'), button);
    this.node = element('section', { class: 'panel', 'aria-label': 'Pauses' }, head, this.#table.node);
  }

  update({ pauses, kinds, workers }: PausesShown): void {
    const providers = new Set(workers.flatMap((worker) => worker.kinds.flatMap(({ provider }) => provider ?? [])));
    this.#scopes = [
      { scope: 'all' },
      ...kinds.map(({ name }): Scope => ({ scope: 'kind', name })),
      ...[...providers].toSorted().map((name): Scope => ({ scope: 'provider', name })),
    ];
    this.#table.update(pauses);
  }
}
