/** The corpus: texts as users send them, all cards that come out of each, and what must and must not be among them. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { cardsFromText } from '../../../../worker/vendors/offline/cards.ts';
import { expectations } from './corpus/expectations.ts';

const folder = new URL('corpus/', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.txt'))
  .map((file) => basename(file, '.txt'));

const cardsOf = (name: string): string[] =>
  cardsFromText(readFileSync(new URL(`${name}.txt`, folder), 'utf8'), 50).map(({ front, back }) => `${front} | ${back}`);

test('each text of the corpus has its expectations', () => {
  expect(Object.keys(expectations).toSorted()).toEqual(names.toSorted());
});

test.each(names)('%s: what must come out does, what must not does not', (name) => {
  const cards = cardsOf(name);
  const { must, mustNot, atMost } = expectations[name] ?? { must: [], mustNot: [] };
  expect(cards).toEqual(expect.arrayContaining([...must]));
  for (const pattern of mustNot) expect(cards.filter((card) => pattern.test(card))).toEqual([]);
  expect(cards.length).toBeLessThanOrEqual(atMost ?? 50);
});

// A change of the generator shows as a change of these files: `npx vitest run test/worker/vendors/offline/corpus.test.ts -u`, then read the diff.
test.each(names)('%s: the cards are those that were read and found good', async (name) => {
  await expect([...cardsOf(name), ''].join('\n')).toMatchFileSnapshot(`corpus/${name}.cards`);
});
