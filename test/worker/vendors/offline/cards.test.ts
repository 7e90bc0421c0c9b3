/** The offline generator: real cards, in the text's own words, and none that the text does not give. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flashcard } from '../../../../src/kinds/flashcards.ts';
import { cardsFromText } from '../../../../worker/vendors/offline/cards.ts';

const cards = (text: string, count = 50) => cardsFromText(text, count).map(({ front, back }) => `${front} | ${back}`);

test('what the text pairs up becomes a card as it is', () => {
  expect(cards('# Vocabulary\n\n- **Hund**: dog\n* Katze – cat\n3. el perro = the dog\nhaus\thouse\n木：tree\nfrench -> français')).toEqual(
    ['Hund | dog', 'Katze | cat', 'el perro | the dog', 'haus | house', '木 | tree', 'french | français'],
  );
  expect(cards('Q: Who wrote Faust?\nA: Goethe.\nFrage? Nein.')).toContain('Who wrote Faust? | Goethe.');
});

test('lists of two columns are read, whatever parts them', () => {
  const pairs = ['Hund | dog', 'Katze | cat'];
  for (const text of [
    'Hund;dog\nKatze;cat',
    'Hund, dog\nKatze, cat',
    'Hund/dog\nKatze/cat',
    'Hund-dog\nKatze-cat',
    'Hund:dog\nKatze:cat',
    '"Hund","dog"\n"Katze","cat"',
    '| German | English |\n|---|---|\n| Hund | dog |\n| Katze | cat |',
  ]) {
    expect([text, cards(text)]).toEqual([text, pairs]);
  }
});

test('a term with two meanings keeps both', () => {
  expect(cards('Hund: dog\nHund: hound\nKatze: cat')).toEqual(['Hund | dog; hound', 'Katze | cat']);
});

test('questions with their answers, however they are marked; labels and speakers are no terms', () => {
  expect(cards('Question 1: What is DNA?\n\nAnswer 1: A molecule.')).toEqual(['What is DNA? | A molecule.']);
  expect(cards('Frage: Was ist ein Wal?\nAntwort: Ein Säugetier.')).toEqual(['Was ist ein Wal? | Ein Säugetier.']);
  for (const text of ['Source: https://example.org', 'Chapter 3: the cell wall breaks', 'A: Hello there friend'])
    expect(cards(text).join()).not.toMatch(/^(?:Source|Chapter 3|A) /);
});

test('a pair in a paragraph takes its sentence, not the paragraph', () => {
  expect(cards('Ribosomes: they make proteins. There are three kinds of rock: igneous rock and two others.')).toContain(
    'Ribosomes | they make proteins.',
  );
  expect(cards('Клетка — это основа жизни. Москва — столица России.')).toEqual([
    'Клетка — это что? | основа жизни',
    'Москва — это что? | столица России',
  ]);
});

test('lines that were only wrapped are one sentence', () => {
  expect(cards('The mitochondrion is the power plant that is found\nin nearly every cell of animals.')).toEqual([
    'What is the mitochondrion? | the power plant that is found in nearly every cell of animals',
  ]);
});

test('speech without full stops gives no cards rather than bad ones', () => {
  const speech = 'and then the professor explained how volcanoes erupt when magma rises towards the surface '.repeat(40);
  expect(cards(speech)).toEqual([]);
  expect(cardsFromText('é'.repeat(100_000), 5).length).toBeLessThanOrEqual(5);
});

test('what names nothing is not asked for, and joints are not hidden', () => {
  for (const text of [
    'His father was a teacher in Bonn.',
    'In 1914 Germany was a monarchy.',
    'One of the reasons is the weather.',
    'Today water is a scarce good.',
    'Although he was a king, he died poor.',
    'Its capital is the largest city.',
  ]) {
    expect(cards(text).join()).not.toMatch(/What (is|was)/);
  }
  expect(cards('水は百度で沸騰します。日本の首都は東京です。').join()).not.toContain('| です');
  expect(cards('The train leaves at 10:30 from Fig. 3 daily.').join()).not.toMatch(/\| (10|30|3)$/);
});

test("marks and what can't be seen are not in cards", () => {
  const made = cards('- [ ] The _Ribosome_ is a [machine](http://x.y) of the `cell`\u202e.\nMito\u00adchondria: pow\u200ber plants').join(
    '\n',
  );
  expect(made).toBe('What is the Ribosome? | a machine of the cell\nMitochondria | power plants');
});

test('German dates do not end a sentence', () => {
  expect(cards('Am 9. November 1989 fiel die Berliner Mauer.')).toEqual(['Am 9. November ____ fiel die Berliner Mauer. | 1989']);
});

test('what a sentence defines is asked for in its language', () => {
  expect(cards('The mitochondrion is the power plant of the cell.')).toEqual(['What is the mitochondrion? | the power plant of the cell']);
  expect(cards('Photosynthesis is a process. It is a slow one.')[0]).toBe('What is Photosynthesis? | a process');
  expect(cards('Mitochondria are the powerhouses of the cell.')[0]).toBe('What are Mitochondria? | the powerhouses of the cell');
  expect(cards('Dr. Ada Lovelace was an English mathematician.')[0]).toBe('Who was Dr. Ada Lovelace? | an English mathematician');
  expect(cards('El hígado es un órgano del cuerpo humano.')).toEqual(['¿Qué es el hígado? | un órgano del cuerpo humano']);
  expect(cards('Der Wal ist ein Säugetier.')).toEqual(['Was ist der Wal? | ein Säugetier']);
  expect(cards('Paris est la capitale de la France.')).toEqual(["Paris : qu'est-ce que c'est ? | la capitale de la France"]);
  expect(cards('Karl der Große war ein König der Franken.')).toEqual(['Wer war Karl der Große? | ein König der Franken']);
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
    expect(card?.front).not.toContain(card?.back);
    expect(text).toContain(card?.back);
  }
});

test('short input gives few cards, and never an invented one', () => {
  expect(cards('test')).toEqual(['t _ _ _ | test']);
  expect(cards('red apple')).toEqual(['r _ _ | red', 'a _ _ _ _ | apple']);
  expect(cards('!!! … 😀')).toEqual([]);
  expect(cards('Is it so?')).toHaveLength(1); // whoever tries with anything sees a card
  expect(cards('It is a big thing.')).toEqual(['It is a big ____. | thing']);
  expect(cards('Das ist ein Test.').join()).not.toContain('Was ist Das');
  expect(cards('Das Mitochondrium ist das Kraftwerk der Zelle.')).toEqual(['Was ist das Mitochondrium? | das Kraftwerk der Zelle']);
  expect(cards('Il DNA è una molecola.')).toEqual(["il DNA: che cos'è? | una molecola"]);
});

test("the best are kept when there are more than asked for, in the text's order", () => {
  const text = 'Some words stand here first.\nHund: dog\nAnother sentence stands here.\nA cell is a small room.';
  expect(cards(text, 2)).toEqual(['Hund | dog', 'What is a cell? | a small room']);
});

test('what was asked already is not asked again; the next best comes', () => {
  const text = 'A cell is a small room.\nHund: dog\nKatze: cat';
  const first = cardsFromText(text, 2);
  const fronts = first.map(({ front }) => front);
  expect(cardsFromText(text, 2, fronts)).toEqual([{ front: 'Katze', back: 'cat' }]);
  expect(cardsFromText(text, 2, [...fronts, 'KATZE '])).toEqual([]);
});

test('no blank whose answer stands elsewhere in the sentence', () => {
  expect(cards('植物は光エネルギーを化学エネルギーに変えます。植物は光で育ちます。').join()).not.toContain('| エネルギー');
  expect(cards('In 1914 the war of 1914 began in Sarajevo.').join()).not.toMatch(/\| 1914$/);
});

const anyText = fc.oneof(
  fc.lorem({ mode: 'sentences', maxCount: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 500 }),
  fc
    .array(
      fc.constantFrom(
        'Hund',
        'A cell ',
        'The plants ',
        'Types of rock:',
        '- ',
        '# ',
        '[10:02] Anna: ',
        '100',
        ' km',
        ',',
        ';',
        '|',
        '"',
        '```',
        '00:00:01,000 --> 00:00:02,000',
        'は',
        'です。',
        ': ',
        'is a ',
        '. ',
        '\n',
        '1815',
        '\t',
        ' - ',
        '水',
        '日本',
        'Q: ',
        'A: ',
        '? ',
        '\0',
        '\r',
      ),
    )
    .map((parts) => parts.join('')),
);

test('of any text: valid cards, no two alike, not too many, answers in the text', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 50 }), (text, count) => {
      const made = cardsFromText(text, count);
      expect(made.length).toBeLessThanOrEqual(count);
      expect(new Set(made.map(({ front }) => front.toLowerCase())).size).toBe(made.length);
      const noLetters = /[^\p{L}\p{N}\p{M}]/gu;
      const letters = (words: string) => words.replace(noLetters, '').normalize('NFKC').replace(noLetters, ''); // 🈲 is no letter, and its NFKC is one
      for (const card of made) {
        expect(flashcard.safeParse(card).success).toBe(true);
        for (const meaning of card.back.split(/[;,] /)) expect(letters(text)).toContain(letters(meaning));
      }
    }),
    { numRuns: 500 },
  );
});

test('a text of the largest size takes no noticeable time', () => {
  expect(cardsFromText('a b '.repeat(25_000), 50).length).toBeLessThanOrEqual(50);
  expect(cardsFromText('x: '.repeat(33_000), 50).length).toBeLessThanOrEqual(50);
  expect(cardsFromText('word\n'.repeat(20_000), 50)).toEqual([]);
});
