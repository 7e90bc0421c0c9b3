/** Flashcards: a press turns one over. While they come, parts of one can be missing. */
import { useState } from 'react';

type Side = string | undefined;

/** The cards that are there so far. */
export function Cards({ cards }: { cards: readonly ({ front?: Side; back?: Side } | undefined)[] }) {
  return (
    <ul className="cards">
      {cards.map((card, n) => (
        <li key={n}>
          <Card back={card?.back} front={card?.front} />
        </li>
      ))}
    </ul>
  );
}

function Card({ front, back }: { front: Side; back: Side }) {
  const [isBack, setBack] = useState(false);
  return (
    <button aria-pressed={isBack} onClick={() => setBack(!isBack)} type="button">
      {(isBack ? back : front) ?? '…'}
    </button>
  );
}
