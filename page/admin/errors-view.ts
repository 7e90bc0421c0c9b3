/** What goes wrong: by code, kind and provider, with an example and the jobs that have failed so. */
import { element } from '../dom.ts';
import type { ErrorGroup, ErrorSums } from './answers.ts';
import { addressOf } from './place.ts';
import { drawnColumn, Table, textColumn } from './table.ts';

/** The table. */
export class ErrorsView {
  readonly node: HTMLElement;
  readonly #table = new Table<ErrorGroup>({
    label: 'Errors',
    empty: 'Nothing went wrong in the last hour.',
    keyOf: ({ code, kind, provider, model }) => [code, kind, provider, model].join(' '),
    columns: [
      drawnColumn('What', ({ code, title }) => [element('b', {}, code), element('small', {}, title)], 'name two'),
      textColumn('Kind', ({ kind = 'several' }) => kind, 'short'),
      textColumn('Provider', ({ provider, model }) => [provider, model].filter(Boolean).join(', ') || '–'),
      textColumn('In five minutes', ({ lastFiveMinutes }) => sumsIn(lastFiveMinutes)),
      textColumn('In an hour', ({ lastHour }) => sumsIn(lastHour)),
      drawnColumn(
        'Look',
        ({ code, kind, provider, jobId, lastHour }) => [
          lastHour.failed > 0 && element('a', { href: addressOf('jobs', { state: 'failed', code, kind, provider }) }, 'Failed jobs'),
          element('a', { href: addressOf('jobs', {}, jobId) }, 'An example'),
        ],
        'short',
      ),
    ],
  });

  constructor() {
    this.node = element('section', { class: 'panel', 'aria-label': 'Errors' }, element('h2', {}, 'Errors'), this.#table.node);
  }

  update(errors: readonly ErrorGroup[]): void {
    this.#table.update(errors);
  }
}

function sumsIn({ failed, retried, putOff }: ErrorSums): string {
  const parts = [failed > 0 && `${failed} failed`, retried > 0 && `${retried} retried`, putOff > 0 && `${putOff} put off`];
  return parts.filter(Boolean).join(', ') || '–';
}
