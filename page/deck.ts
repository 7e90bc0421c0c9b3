/** The flashcards of a job: pressed to flip, and changed, removed and put in another order before they are taken away. */
import { CardEditor } from './card-editor.ts';
import { type Card, type ChangedCards, type DeckCard, forgetCards, keepCards, keptCards } from './cards.ts';
import { element, setText } from './dom.ts';
import { Keyed, type Row } from './keyed.ts';
import { listOf, type Drawing, type Made } from './made.ts';

/** The cards as they are on the page. What a user has changed counts more than what the job has made. */
export class Deck implements Drawing {
  readonly node: HTMLElement;
  readonly #jobId: string;
  readonly #list = element('ol', { class: 'cards', 'aria-label': 'Flashcards' });
  readonly #rows = new Keyed<DeckCard>(this.#list, { keyOf: ({ id }) => id, make: drawCard });
  readonly #editor: CardEditor;
  readonly #editButton = element('button', { type: 'button', class: 'quiet', click: () => this.#toggle() }, 'Edit cards');
  readonly #undoButton = element('button', { type: 'button', class: 'quiet', click: () => this.#undo() }, 'Undo all changes');
  readonly #actions = element('p', { class: 'actions', hidden: true }, this.#editButton, this.#undoButton);
  #made: readonly DeckCard[] = [];
  #changed: ChangedCards | undefined;

  constructor(jobId: string) {
    this.#jobId = jobId;
    this.#editor = new CardEditor((cards) => this.#change(cards));
    this.node = element('div', {}, this.#list, this.#editor.node, this.#actions);
    this.#changed = keptCards(jobId);
  }

  update(made: Made): void {
    const cards = listOf<Card>(made, 'flashcards', (result: { flashcards?: Card[] }) => result.flashcards);
    this.#made = cards.map(({ front, back }, n) => {
      const known = this.#made[n]; // the same object again, so that it is not compared by its texts with each card that comes
      return known?.front === front && known.back === back ? known : { id: String(n), front, back };
    });
    // A job that is tried again after its cards were changed goes on behind them.
    const more = this.#changed ? this.#made.slice(this.#changed.of) : [];
    if (this.#changed && more.length > 0) this.#change([...this.#changed.cards, ...more]);
    else this.#draw();
  }

  end(): void {
    this.#actions.hidden = this.#cards.length === 0;
  }

  edited(): unknown {
    return this.#changed && { flashcards: this.#changed.cards.map(({ front, back }) => ({ front, back })) };
  }

  get #cards(): readonly DeckCard[] {
    return this.#changed?.cards ?? this.#made;
  }

  #draw(): void {
    this.#rows.update(this.#cards);
    this.#undoButton.hidden = this.#changed === undefined;
    if (!this.#editor.node.hidden) this.#editor.update(this.#cards);
  }

  #change(cards: readonly DeckCard[]): void {
    this.#changed = { cards, of: this.#made.length };
    keepCards(this.#jobId, this.#changed);
    this.#draw();
  }

  #undo(): void {
    this.#changed = undefined;
    forgetCards(this.#jobId);
    this.#draw();
    this.#editButton.focus();
  }

  #toggle(): void {
    const isOpen = this.#editor.node.hidden;
    this.#editor.node.hidden = !isOpen;
    this.#list.hidden = isOpen;
    this.#draw();
    setText(this.#editButton, isOpen ? 'Done' : 'Edit cards');
  }
}

/** A card, and which side of it is up. It is four nodes. */
function drawCard(first: DeckCard): Row<DeckCard> {
  let card = first;
  let isBack = false;
  const show = (): void => {
    button.setAttribute('aria-pressed', String(isBack));
    setText(side, isBack ? card.back : card.front);
  };
  const flip = (): void => {
    isBack = !isBack;
    show();
  };
  const side = element('span', {}, card.front);
  const button = element('button', { type: 'button', class: 'card', 'aria-pressed': 'false', click: flip }, side);
  return {
    node: element('li', { class: 'arrives' }, button),
    update(changed) {
      card = changed;
      show();
    },
  };
}
