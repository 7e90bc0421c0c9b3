/** What waits and runs, by kind, with a pause for each. */
import type { KindInfo } from '../composer.ts';
import { element } from '../dom.ts';
import type { Depth, Pause, Stats } from './answers.ts';
import type { Desk } from './desk.ts';
import { askToPause, askToResume } from './pausing.ts';
import { addressOf } from './place.ts';
import { buttonColumn, drawnColumn, Table, textColumn } from './table.ts';
import { countIn, spanIn } from './words.ts';

/** What it is drawn from. `oldest`: how long the oldest job of each lane has waited, in s. */
export type KindsShown = { stats: Stats; kinds: readonly KindInfo[]; oldest: ReadonlyMap<string, number> };

type KindRow = Depth & { kind: string; concurrency: number; oldestS: number; by: string; pause: Pause | undefined };

/** The table. */
export class KindsView {
  readonly node: HTMLElement;
  readonly #table: Table<KindRow>;

  constructor(desk: Desk) {
    const jobsLink = (state: 'waiting' | 'active' | 'delayed') => (row: KindRow) => [
      row[state] === 0 ? '0' : element('a', { href: addressOf('jobs', { state, kind: row.kind }) }, String(row[state])),
    ];
    this.#table = new Table<KindRow>({
      label: 'Kinds',
      empty: 'No kind is known yet.',
      keyOf: ({ kind }) => kind,
      columns: [
        textColumn('Kind', ({ kind }) => kind, 'name'),
        drawnColumn('Waiting', jobsLink('waiting')),
        textColumn('Oldest waits', ({ waiting, oldestS }) => (waiting > 0 ? spanIn(oldestS * 1000) : '–')),
        drawnColumn('Running', jobsLink('active')),
        textColumn('At once', ({ concurrency }) => String(concurrency), 'extra'),
        drawnColumn('For their time', jobsLink('delayed'), 'extra'),
        drawnColumn('By', ({ by, pause }) => [pause ? element('span', { class: 'badge waiting' }, 'paused') : by]),
        buttonColumn<KindRow>({
          label: ({ pause }) => (pause ? 'Resume' : 'Pause'),
          about: ({ kind }) => kind,
          press: (row) =>
            row.pause ? askToResume(desk, row.pause, factsOf(row)) : askToPause(desk, [{ scope: 'kind', name: row.kind }], factsOf(row)),
        }),
      ],
    });
    this.node = element(
      'section',
      { class: 'panel', 'aria-label': 'Waiting and running' },
      element('h2', {}, 'Waiting and running'),
      this.#table.node,
    );
  }

  update({ stats, kinds, oldest }: KindsShown): void {
    const rows = kinds.map(({ name, available, provider, missing = [] }): KindRow => {
      const lane = stats.lanes[name] ?? { waiting: 0, active: 0, delayed: 0, concurrency: 0 };
      const { waiting, active, delayed, concurrency } = lane;
      const pause = stats.pauses?.find((one) => one.scope === 'kind' && one.name === name);
      const by = available ? (provider ?? 'no worker yet') : `off: set ${missing.join(', ')}`;
      return { kind: name, waiting, active, delayed, concurrency, oldestS: Math.round(oldest.get(name) ?? 0), by, pause };
    });
    this.#table.update(rows);
  }
}

function factsOf({ waiting, active }: KindRow): string[] {
  return [`${countIn(waiting, 'job')} of it ${waiting === 1 ? 'waits' : 'wait'}, ${active} ${active === 1 ? 'runs' : 'run'}.`];
}
