/** What operators have done, the newest first. */
import { element } from '../dom.ts';
import { timeIn } from '../figures.ts';
import type { LoggedAction } from './answers.ts';
import type { Desk, View } from './desk.ts';
import { Table, textColumn } from './table.ts';

/** How many are shown. */
const SHOWN = 200;

/** The list. */
export class ActionsView implements View {
  readonly node: HTMLElement;
  readonly #desk: Desk;
  readonly #table = new Table<LoggedAction>({
    label: 'Actions',
    empty: 'Nothing was done yet.',
    keyOf: ({ id }) => id,
    columns: [
      textColumn('When', ({ at }) => timeIn(at)),
      textColumn('By', ({ by }) => by, 'name'),
      textColumn('What', ({ what }) => what),
      textColumn('About', ({ scope }) => scope),
      textColumn('Reason', ({ reason = '–' }) => reason),
      textColumn('Result', ({ result, counts = {} }) =>
        [result, ...Object.entries(counts).map(([name, count]) => `${name} ${count}`)].join(', '),
      ),
    ],
  });

  constructor(desk: Desk) {
    this.#desk = desk;
    const about = element('p', { class: 'hint' }, `The last ${SHOWN} of the 1,000 that are kept.`);
    this.node = element('section', { class: 'panel', 'aria-label': 'Actions' }, element('h2', {}, 'Actions'), about, this.#table.node);
  }

  async read(): Promise<void> {
    const { actions } = await this.#desk.ask<{ actions: LoggedAction[] }>(`/admin/actions?limit=${SHOWN}`);
    this.#table.update(actions);
  }
}
