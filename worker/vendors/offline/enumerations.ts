/** Lists under a line that says what they are lists of: "Types of rock:" and the types. */
import { attributes } from './labels.ts';
import { set } from './languages/language.ts';
import type { Line } from './lines.ts';
import type { Pair } from './pairs.ts';
import { words } from './text.ts';

/** Besides the names of attributes, what may be listed. */
const listed = set(
  'layers branches components members continents organs elements groups classes categories levels schichten bestandteile organe gruppen klassen couches organes capas órganos strati organi camadas órgãos planets seasons tenses cases',
);

const MAX_ITEMS = 8;

/**
 * The list that a line leads, as one pair; undefined if the line leads none that is worth knowing
 * by heart.
 */
export function enumerationAt(lines: readonly Line[], place: number, topic: string | undefined): Pair | undefined {
  const lead = lines[place]?.text.replace(/\s{0,3}[:：]\s{0,3}$/u, '') ?? '';
  const found = words(lead).map(({ text }) => text.toLowerCase());
  const head = found.findIndex((word) => attributes.has(word) || listed.has(word));
  if (head < 0 || head > 3 || found.length > 8) return undefined;
  const items: string[] = [];
  for (const line of lines.slice(place + 1, place + 2 + MAX_ITEMS)) {
    if (line.mark !== 'item') break;
    items.push(line.text.replace(/[.;,]$/, ''));
  }
  const areShort = items.every(
    (item) => words(item).length > 0 && words(item).length <= 5 && item.length <= 50 && !/[:=→?!\t]|\s[-–—]\s|\d{1,2}[:.]\d{2}/.test(item),
  );
  if (items.length < 2 || items.length > MAX_ITEMS || !areShort) return undefined;
  const isClear = found.length - head >= 2;
  if (!isClear && topic === undefined) return undefined;
  return { term: isClear ? lead : `${topic ?? ''} – ${lead}`, meaning: items.join(', ') };
}
