/** Draws how well a recording speaks a text: scores, what was heard, and each word. */
import { element, fill } from './dom.ts';
import type { Drawing } from './made.ts';

type Scores = {
  recognizedText: string;
  scores: Record<string, number>;
  words: { word: string; accuracy: number; error: string }[];
  estimate?: true;
};

/** Words of less accuracy are marked. */
const WEAK = 60;

/** Makes the drawing. The kind has no items, so all of it comes at once. */
export function drawScores(): Drawing {
  const node = element('div');
  let drawn: unknown;
  return {
    node,
    update({ result }) {
      if (result === drawn || result === undefined) return;
      drawn = result;
      const { scores, recognizedText, words, estimate } = result as Scores;
      fill(
        node,
        estimate && element('p', { class: 'note' }, 'A model has estimated these scores.'),
        element('ul', { class: 'scores' }, ...Object.entries(scores).map(drawScore)),
        element('p', { class: 'note' }, `Heard: ${recognizedText}`),
        element('ul', { class: 'words' }, ...words.map(drawWord)),
      );
    },
  };
}

function drawScore([name, score]: [string, number]): HTMLElement {
  return element('li', {}, element('b', {}, Math.round(score)), name);
}

function drawWord({ word, accuracy, error }: Scores['words'][number]): HTMLElement {
  const isWeak = accuracy < WEAK || error !== 'none';
  const mark = element('small', {}, error === 'none' ? Math.round(accuracy) : error);
  return element('li', { class: isWeak ? 'weak' : undefined }, word, ' ', mark);
}
