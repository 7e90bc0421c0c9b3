/** The words of a text: those that are told by their characters are the ones that the segmenter tells. */
import { expect, test } from 'vitest';
import { USUAL } from '../../../../worker/texts/characters.ts';
import { segmentedWords, words } from '../../../../worker/vendors/offline/text.ts';
import { createDice } from '../../../support/dice.ts';
import { variants } from '../../../support/variants.ts';

const usual = new RegExp(`^[${USUAL}]$`);
const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCodePoint(code)).filter((character) => usual.test(character));

test('every usual character, between letters, digits, spaces and at an end', () => {
  for (const character of all)
    for (const text of [
      `a${character}b`,
      `1${character}2`,
      `a${character}1`,
      `ж${character}_`,
      ` ${character} `,
      `b${character}`,
      character,
    ])
      expect({ text, words: words(text) }).toEqual({ text, words: segmentedWords(text) });
});

test('usual characters in any order', () => {
  const roll = createDice(variants.seed);
  const marks = "aB1 _.,:;'’·-é жЁ/".split('');
  for (let n = 0; n < variants.count * 100; n++) {
    const text = Array.from({ length: 1 + roll(12) }, () => (roll(10) === 0 ? all[roll(all.length)] : marks[roll(marks.length)])).join('');
    expect({ text, words: words(text) }).toEqual({ text, words: segmentedWords(text) });
  }
});
