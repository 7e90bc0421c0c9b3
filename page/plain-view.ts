/** Draws what a kind without a drawing of its own has made: the lists as they come, then the result. */
import { element, fill } from './dom.ts';
import { toLabel } from './forms.ts';
import { Keyed } from './keyed.ts';
import type { Drawing } from './made.ts';

/** Makes the drawing. */
export function drawPlain(): Drawing {
  const list = element('dl', { class: 'pairs' });
  const fields = new Keyed<[name: string, value: unknown]>(list, { keyOf: ([name]) => name, make: drawField });
  return {
    node: element('div', { class: 'prose' }, list),
    update({ items, result }) {
      const { child: _, ...made } = (result ?? items) as Record<string, unknown>; // the job that it leads to is shown below it
      fields.update(Object.entries(made));
    },
  };
}

/** A field of what was made. A list grows by its new items. */
function drawField([name, first]: [string, unknown]) {
  const area = element('dd');
  let rows: Keyed<unknown> | undefined;
  const update = ([, value]: [string, unknown]): void => {
    if (!Array.isArray(value)) {
      rows = undefined;
      return fill(area, drawValue(name, value));
    }
    if (!rows) {
      const list = element('ul');
      fill(area, list);
      rows = new Keyed<unknown>(list, {
        make(item) {
          const node = element('li', { class: 'arrives' }, drawValue('', item));
          return { node, update: (changed) => fill(node, drawValue('', changed)) };
        },
      });
    }
    rows.update(value as unknown[]);
  };
  update([name, first]);
  return { node: element('div', {}, element('dt', {}, toLabel(name)), area), update };
}

/** Only the server writes addresses of its own files, and they can be opened. */
function drawValue(name: string, value: unknown): Node | string {
  const isFile = name === 'outputUrl' && typeof value === 'string' && value.startsWith('/api/jobs/');
  if (isFile) return element('a', { href: value, download: true }, 'the file');
  if (Array.isArray(value)) return element('ul', {}, ...value.map((one) => element('li', {}, drawValue('', one))));
  if (typeof value !== 'object' || value === null) return String(value);
  const pairs = Object.entries(value).flatMap(([field, one]) => [
    element('dt', {}, toLabel(field)),
    element('dd', {}, drawValue(field, one)),
  ]);
  return element('dl', { class: 'pairs' }, ...pairs);
}
