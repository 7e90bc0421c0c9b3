/** A table whose rows follow a list: only what has changed is touched. On a phone each row is a card. */
import { type Child, element, fill, setText } from '../dom.ts';
import { Keyed, type Row } from '../keyed.ts';

/** A column. `name`: its class; `name` is what a row is called by, `extra` is not shown on a phone. `make` draws the cell of a row that is new. */
export type Column<Item> = { head: string; name?: string; make: (first: Item) => Row<Item> };

/** A column of texts. */
export function textColumn<Item>(head: string, textOf: (item: Item) => string, name?: string): Column<Item> {
  return {
    head,
    ...(name !== undefined && { name }),
    make(first) {
      const node = element('span', {}, textOf(first));
      return { node, update: (item) => setText(node, textOf(item)) };
    },
  };
}

/** A column of other things, drawn anew where the item has changed. */
export function drawnColumn<Item>(head: string, draw: (item: Item) => Child[], name?: string): Column<Item> {
  return {
    head,
    ...(name !== undefined && { name }),
    make(first) {
      const node = element('span', {}, ...draw(first));
      return { node, update: (item) => fill(node, ...draw(item)) };
    },
  };
}

/** A button in a row. `label` tells what it does now; undefined where there is nothing to do. */
export type RowButton<Item> = { label: (item: Item) => string | undefined; about: (item: Item) => string; press: (item: Item) => void };

/** A column of buttons. They stay the same ones while a row is there. */
export function buttonColumn<Item>(...buttons: RowButton<Item>[]): Column<Item> {
  return {
    head: 'Actions',
    name: 'acts',
    make(first) {
      let now = first;
      const drawn = buttons.map(({ press }) => element('button', { type: 'button', class: 'quiet small', click: () => press(now) }));
      const update = (item: Item): void => {
        now = item;
        for (const [n, { label, about }] of buttons.entries()) {
          const [button, text] = [drawn[n], label(item)];
          if (!button) continue;
          button.hidden = text === undefined;
          setText(button, text ?? '');
          button.setAttribute('aria-label', `${text ?? ''}: ${about(item)}`);
        }
      };
      update(first);
      return { node: element('span', {}, ...drawn), update };
    },
  };
}

/** What a table is made of. `empty`: what is said where there is no row. */
export type TableOptions<Item> = { label: string; empty: string; keyOf: (item: Item) => string; columns: readonly Column<Item>[] };

/** The table as it is on the page. */
export class Table<Item> {
  readonly node: HTMLElement;
  readonly #table;
  readonly #empty;
  readonly #rows: Keyed<Item>;

  constructor({ label, empty, keyOf, columns }: TableOptions<Item>) {
    const body = element('tbody');
    const heads = columns.map(({ head, name }) => element('th', { scope: 'col', class: name }, head));
    this.#table = element('table', { 'aria-label': label, hidden: true }, element('thead', {}, element('tr', {}, ...heads)), body);
    this.#empty = element('p', { class: 'hint' }, empty);
    this.#rows = new Keyed<Item>(body, { keyOf, make: (item) => rowOf(columns, item) });
    this.node = element('div', { class: 'table' }, this.#table, this.#empty);
  }

  /** Shows these. */
  update(items: readonly Item[]): void {
    this.#table.hidden = items.length === 0;
    this.#empty.hidden = items.length > 0;
    this.#rows.update(items);
  }
}

function rowOf<Item>(columns: readonly Column<Item>[], first: Item): Row<Item> {
  const cells = columns.map(({ make }) => make(first));
  const nodes = cells.map((cell, n) => element('td', { class: columns[n]?.name, 'data-head': columns[n]?.head }, cell.node));
  return {
    node: element('tr', {}, ...nodes),
    update(item) {
      for (const cell of cells) cell.update(item);
    },
  };
}
