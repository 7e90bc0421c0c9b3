/** Passages as plain text, for who reads no formats. */
import type { AuthoredCard, Passage } from './passage.ts';

/**
 * The text of some passages: nothing is lost but marks. A row of a table is a line, with tabs
 * between its cells.
 */
export function passagesToText(passages: readonly Passage[]): string {
  const texts: string[] = [];
  for (const [place, passage] of passages.entries()) {
    const isList = passage.type === 'cards' && passages[place - 1]?.type === 'cards';
    if (place > 0) texts.push(isList ? '\n' : '\n\n');
    texts.push(show(passage));
  }
  return texts.join('');
}

function show(passage: Passage): string {
  switch (passage.type) {
    case 'prose':
      return passage.text;
    case 'speech':
      return passage.sentences.join('\n');
    case 'table':
      return [...(passage.header ? [passage.header] : []), ...passage.rows].map((cells) => cells.map(onOneLine).join('\t')).join('\n');
    case 'cards':
      return onOneLine(passage.text) + gapsOf(passage.cards);
  }
}

/** A text of several lines on one. */
export const onOneLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .join(' ');

/** What the author wants to be asked, where cards hide parts of a sentence. */
function gapsOf(cards: readonly AuthoredCard[]): string {
  const gaps = cards.filter(({ front }) => front.includes('____')).map(({ back }) => back);
  return gaps.length === 0 ? '' : ` [${gaps.join('; ')}]`;
}
