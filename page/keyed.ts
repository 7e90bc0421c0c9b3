/** A list of elements that follows a list of items: only what has changed is touched. */

/** An item as it is drawn. `update`: the item has changed. */
export type Row<Item> = { readonly node: HTMLElement; update(item: Item): void };

/** How a list is kept. */
export type KeyedOptions<Item> = {
  /** What an item is known by, however it changes and wherever it stands; by default its place. */
  keyOf?: (item: Item, n: number) => string;
  make: (item: Item) => Row<Item>;
};

/**
 * Keeps the children of an element. An element that is there stays the same one, with what is open
 * in it, selected or flipped, and is not animated again. It has the focus after a move, too.
 */
export class Keyed<Item> {
  readonly #parent: Element;
  readonly #options: Required<KeyedOptions<Item>>;
  readonly #rows = new Map<string, { row: Row<Item>; item: Item }>();

  constructor(parent: Element, { keyOf = (_, n) => String(n), make }: KeyedOptions<Item>) {
    this.#parent = parent;
    this.#options = { keyOf, make };
    parent.addEventListener('animationend', ({ target }) => (target as Element).classList.remove('arrives'));
  }

  /** Makes the elements those of these items, in their order. */
  update(items: readonly Item[]): void {
    const { keyOf } = this.#options;
    const keys = items.map(keyOf);
    this.#removeAllBut(new Set(keys));
    const focused = document.activeElement;
    let next = this.#parent.firstElementChild;
    for (const [n, item] of items.entries()) {
      const { node } = this.#rowFor(keys[n] ?? '', item);
      if (node === next) next = node.nextElementSibling;
      else this.#parent.insertBefore(node, next);
    }
    if (focused !== document.activeElement && focused instanceof HTMLElement && this.#parent.contains(focused)) focused.focus();
  }

  #removeAllBut(wanted: ReadonlySet<string>): void {
    for (const [key, { row }] of this.#rows) {
      if (wanted.has(key)) continue;
      row.node.remove();
      this.#rows.delete(key);
    }
  }

  #rowFor(key: string, item: Item): Row<Item> {
    const known = this.#rows.get(key);
    if (!known) {
      const row = this.#options.make(item);
      this.#rows.set(key, { row, item });
      return row;
    }
    if (!isSame(known.item, item)) known.row.update(item);
    known.item = item;
    return known.row;
  }
}

/** Whether two items would be drawn alike. A result has the same items as the events before, as other objects. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
