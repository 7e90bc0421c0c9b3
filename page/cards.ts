/** Flashcards as the page holds them, and what is kept of changed ones over a reload, in this tab alone. */

/** A card as a job makes it. */
export type Card = { front: string; back: string };

/** A card in the deck. `id`: what it is known by, wherever it stands. */
export type DeckCard = Card & { id: string };

/** Cards that a user has changed. `of`: how many the job had made then. */
export type ChangedCards = { cards: readonly DeckCard[]; of: number };

/** Moves a card by one place, up (-1) or down (1). At the end of the deck it stays. */
export function moved(cards: readonly DeckCard[], id: string, by: -1 | 1): readonly DeckCard[] {
  const from = cards.findIndex((card) => card.id === id);
  const [card, other] = [cards[from], cards[from + by]];
  if (!card || !other) return cards;
  return cards.map((one) => (one === card ? other : one === other ? card : one));
}

const keyOf = (jobId: string): string => `ai-jobs:cards:${jobId}`;

/** Keeps the cards that a user has changed. Where the browser keeps nothing, they are lost with the page. */
export function keepCards(jobId: string, cards: ChangedCards): void {
  try {
    sessionStorage.setItem(keyOf(jobId), JSON.stringify(cards));
  } catch {} // its space is used up
}

/** The cards that were kept; undefined if the user has changed none. */
export function keptCards(jobId: string): ChangedCards | undefined {
  try {
    const { cards, of } = JSON.parse(sessionStorage.getItem(keyOf(jobId)) ?? '{}') as Partial<ChangedCards>;
    return typeof of === 'number' && cards?.every(isCard) ? { cards, of } : undefined;
  } catch {
    return undefined;
  }
}

/** Forgets them. */
export function forgetCards(jobId: string): void {
  sessionStorage.removeItem(keyOf(jobId));
}

function isCard(value: unknown): value is DeckCard {
  const { id, front, back } = (value ?? {}) as Partial<DeckCard>;
  return [id, front, back].every((text) => typeof text === 'string');
}
