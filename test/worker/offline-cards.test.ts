/** The offline generator: real cards, in the text's own words, and none that the text does not give. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flashcard } from '../../src/jobs/flashcards.ts';
import { cardsFromText } from '../../worker/providers/offline-cards.ts';

const cards = (text: string, count = 50) => cardsFromText(text, count).map(({ front, back }) => `${front} | ${back}`);

test('what the text pairs up becomes a card as it is', () => {
  expect(cards('# Vocabulary\n\n- **Hund**: dog\n* Katze – cat\n3. el perro = the dog\nhaus\thouse\n木：tree\nfrench -> français')).toEqual(
    ['Hund | dog', 'Katze | cat', 'el perro | the dog', 'haus | house', '木 | tree', 'french | français'],
  );
  expect(cards('Q: Who wrote Faust?\nA: Goethe.\nFrage? Nein.')).toContain('Who wrote Faust? | Goethe.');
});

test('what a sentence defines is asked for in its language', () => {
  expect(cards('The mitochondrion is the power plant of the cell.')).toEqual(['What is the mitochondrion? | the power plant of the cell']);
  expect(cards('Photosynthesis is a process. It is a slow one.')[0]).toBe('What is Photosynthesis? | a process');
  expect(cards('Mitochondria are the powerhouses of the cell.')[0]).toBe('What are Mitochondria? | the powerhouses of the cell');
  expect(cards('Dr. Ada Lovelace was an English mathematician.')[0]).toBe('What was Dr. Ada Lovelace? | an English mathematician');
  expect(cards('El hígado es un órgano del cuerpo humano.')).toEqual(['¿Qué es el hígado? | un órgano del cuerpo humano']);
  expect(cards('Der Wal ist ein Säugetier.')).toEqual(['Was ist der Wal? | ein Säugetier']);
  expect(cards('Paris est la capitale de la France.')).toEqual(["Paris : qu'est-ce que c'est ? | la capitale de la France"]);
});

test('other facts get a gap, a figure first', () => {
  expect(cards('Water boils at 100 degrees Celsius.')).toEqual(['Water boils at ____ degrees Celsius. | 100']);
  expect(cards('In 1815 lost Napoleon at Waterloo.')).toEqual(['In ____ lost Napoleon at Waterloo. | 1815']);
  expect(cards('Plants need sunlight daily.')).toEqual(['Plants need ____ daily. | sunlight']);
});

test('scripts without spaces work too', () => {
  for (const text of ['水在一百度沸腾。', '日本の首都は東京です。', 'น้ำเดือดที่หนึ่งร้อยองศา']) {
    const [card] = cardsFromText(text, 5);
    expect(card?.front).toContain('____');
    expect(text).toContain(card?.back);
  }
});

test('short input gives few cards, and never an invented one', () => {
  expect(cards('test')).toEqual(['t _ _ _ | test']);
  expect(cards('red apple')).toEqual(['r _ _ | red', 'a _ _ _ _ | apple']);
  expect(cards('!!! … 😀')).toEqual([]);
  expect(cards('Is it so?')).toEqual(['Is it ____? | so']);
  expect(cards('It is a big thing.')).toEqual(['It is a big ____. | thing']);
});

test("the best are kept when there are more than asked for, in the text's order", () => {
  const text = 'Some words stand here first.\nHund: dog\nAnother sentence stands here.\nA cell is a small room.';
  expect(cards(text, 2)).toEqual(['Hund | dog', 'What is a cell? | a small room']);
});

const anyText = fc.oneof(
  fc.lorem({ mode: 'sentences', maxCount: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 500 }),
  fc
    .array(fc.constantFrom('Hund', ': ', 'is a ', '. ', '\n', '1815', '\t', ' - ', '水', '日本', 'Q: ', 'A: ', '? ', '\0', '\r'))
    .map((parts) => parts.join('')),
);

test('of any text: valid cards, no two alike, not too many, answers in the text', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, count) => {
      const made = cardsFromText(text, count);
      expect(made.length).toBeLessThanOrEqual(count);
      expect(new Set(made.map(({ front }) => front.toLowerCase())).size).toBe(made.length);
      const plain = (words: string) =>
        words
          .normalize('NFC')
          .replace(/\p{Cc}|\*\*|__|`/gu, ' ')
          .replace(/\s+/g, ' ');
      for (const card of made) {
        expect(flashcard.safeParse(card).success).toBe(true);
        expect(plain(text)).toContain(plain(card.back).trim());
      }
    }),
    { numRuns: 500 },
  );
});

test('a text of the largest size takes no noticeable time', () => {
  expect(cardsFromText('a b '.repeat(25_000), 50).length).toBeLessThanOrEqual(50);
  expect(cardsFromText('x: '.repeat(33_000), 50).length).toBeLessThanOrEqual(50);
  expect(cardsFromText('word\n'.repeat(20_000), 50)).toHaveLength(1);
});
