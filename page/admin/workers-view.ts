/** The workers: what each does, and whether it takes jobs. */
import { element } from '../dom.ts';
import { timeIn } from '../figures.ts';
import type { Worker } from './answers.ts';
import type { Desk } from './desk.ts';
import { addressOf } from './place.ts';
import { reasonField, valuesOf } from './question.ts';
import { buttonColumn, drawnColumn, Table, textColumn } from './table.ts';
import { countIn, spanIn } from './words.ts';

/** The table. */
export class WorkersView {
  readonly node: HTMLElement;
  readonly #table: Table<Worker>;

  constructor(desk: Desk) {
    this.#table = new Table<Worker>({
      label: 'Workers',
      empty: 'No worker was seen in the last ten minutes.',
      keyOf: ({ id }) => id,
      columns: [
        textColumn('Name', ({ name }) => name, 'name'),
        drawnColumn('State', (worker) => [badgeOf(worker)]),
        textColumn('Runs', ({ active = 0, concurrency }) => `${active} of ${concurrency}`),
        textColumn(
          'Looked for jobs',
          ({ live, loopAgeMs }) => (live && loopAgeMs !== undefined ? `${spanIn(loopAgeMs)} ago` : '–'),
          'extra',
        ),
        drawnColumn('Last job', ({ lastJob }) => [
          lastJob ? element('a', { href: addressOf('jobs', {}, lastJob.jobId), title: lastJob.jobId }, timeIn(lastJob.at)) : 'none',
        ]),
        textColumn('Seen', ({ seenAt }) => timeIn(seenAt), 'extra'),
        textColumn('Version', ({ version }) => version, 'extra'),
        buttonColumn<Worker>({
          label: ({ live, quiet }) => (quiet ? 'Unquiet' : live ? 'Quiet' : undefined),
          about: ({ name }) => name,
          press: (worker) => askForQuiet(desk, worker),
        }),
      ],
    });
    this.node = element('section', { class: 'panel', 'aria-label': 'Workers' }, element('h2', {}, 'Workers'), this.#table.node);
  }

  update(workers: readonly Worker[]): void {
    this.#table.update(workers);
  }
}

function badgeOf({ live, quiet, active = 0 }: Worker): HTMLElement {
  const [text, name] = !live
    ? ['gone', 'failed']
    : quiet
      ? ['quiet', 'waiting']
      : active > 0
        ? ['works', 'active']
        : ['ready', 'completed'];
  return element('span', { class: `badge ${name}` }, text);
}

function askForQuiet(desk: Desk, { id, name, quiet, active = 0 }: Worker): void {
  const fields = { reason: reasonField('Operators read it in the list of actions.') };
  desk.question({
    title: quiet ? `Let ${name} take jobs again?` : `Tell ${name} to take no more jobs?`,
    facts: [
      `It runs ${countIn(active, 'job')}${quiet ? '' : ', and finishes what it has'}.`,
      quiet ? 'It goes on within a second.' : 'What waits is for the others. A worker that is started again takes jobs. It costs nothing.',
    ],
    fields: Object.values(fields),
    verb: quiet ? 'Unquiet' : 'Quiet',
    async act() {
      await desk.ask(`/admin/workers/${encodeURIComponent(id)}/${quiet ? 'unquiet' : 'quiet'}`, { method: 'POST', body: valuesOf(fields) });
      return quiet ? `${name} takes jobs again.` : `${name} takes no more jobs.`;
    },
  });
}
