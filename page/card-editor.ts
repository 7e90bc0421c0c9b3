/** Changes cards: their texts, their order, and which of them stay. */
import { type DeckCard, moved } from './cards.ts';
import { element, setText } from './dom.ts';
import { Keyed, type Row } from './keyed.ts';

/** The editor as it is on the page. It is hidden until somebody edits. */
export class CardEditor {
  readonly node: HTMLElement;
  readonly #list = element('ol', { class: 'editor', 'aria-label': 'Cards to edit' });
  readonly #rows = new Keyed<DeckCard & { n: number }>(this.#list, { keyOf: ({ id }) => id, make: (card) => this.#drawRow(card) });
  readonly #change: (cards: readonly DeckCard[]) => void;
  #cards: readonly DeckCard[] = [];

  /** `change`: takes the cards after each change. */
  constructor(change: (cards: readonly DeckCard[]) => void) {
    this.#change = change;
    const add = element('button', { type: 'button', class: 'quiet', click: () => this.#add() }, 'Add a card');
    this.node = element('div', { hidden: true }, this.#list, element('p', { class: 'actions' }, add));
  }

  /** Shows these cards. */
  update(cards: readonly DeckCard[]): void {
    this.#cards = cards;
    this.#rows.update(cards.map((card, n) => ({ ...card, n: n + 1 })));
  }

  #add(): void {
    const last = Math.max(-1, ...this.#cards.map(({ id }) => Number(id.replace('own-', ''))));
    this.#change([...this.#cards, { id: `own-${last + 1}`, front: '', back: '' }]);
    this.#list.lastElementChild?.querySelector('textarea')?.focus();
  }

  #drawRow({ id, n, ...texts }: DeckCard & { n: number }): Row<DeckCard & { n: number }> {
    const legend = element('legend', {}, `Card ${n}`);
    const typed = (side: 'front' | 'back') => {
      const area = element('textarea', {
        rows: 2,
        'aria-label': side === 'front' ? 'Front' : 'Back',
        input: () => this.#change(this.#cards.map((card) => (card.id === id ? { ...card, [side]: area.value } : card))),
      });
      area.value = texts[side];
      return area;
    };
    const [front, back] = [typed('front'), typed('back')];
    const button = (label: string, act: () => void) => element('button', { type: 'button', class: 'quiet small', click: act }, label);
    const node = element(
      'li',
      {},
      element(
        'fieldset',
        {},
        legend,
        front,
        back,
        element(
          'p',
          { class: 'actions' },
          button('Up', () => this.#change(moved(this.#cards, id, -1))),
          button('Down', () => this.#change(moved(this.#cards, id, 1))),
          button('Remove', () => this.#remove(id, node)),
        ),
      ),
    );
    return {
      node,
      update(card) {
        setText(legend, `Card ${card.n}`);
        if (front.value !== card.front) front.value = card.front; // what is being typed in keeps its cursor
        if (back.value !== card.back) back.value = card.back;
      },
    };
  }

  /** The focus goes to the card that comes next. */
  #remove(id: string, node: HTMLElement): void {
    const next = node.nextElementSibling ?? node.previousElementSibling;
    this.#change(this.#cards.filter((card) => card.id !== id));
    next?.querySelector('textarea')?.focus();
  }
}
