/**
 * Draws items and result of a job by its kind: cards, a lesson, words with scores, text, speech to
 * play. What is drawn stays; only what has changed is touched.
 */
import { Deck } from './deck.ts';
import { element, setText } from './dom.ts';
import { drawLesson } from './lesson-view.ts';
import type { Drawing } from './made.ts';
import { drawScores } from './scores-view.ts';
import { drawSpeech } from './speech-view.ts';

/** By the kinds' names. `jobId`: whose cards a user may have changed. What another kind has made is drawn by page/plain-view.ts. */
export const DRAWINGS: Readonly<Record<string, (jobId: string) => Drawing>> = {
  'generate-flashcards': (jobId) => new Deck(jobId),
  'generate-lesson': drawLesson,
  'pronunciation-assess': drawScores,
  'process-image': drawText,
  'generate-audio': drawSpeech,
};

function drawText(): Drawing {
  const text = element('p');
  return {
    node: element('div', { class: 'prose' }, text),
    update: ({ result }) => setText(text, (result as { text?: string } | undefined)?.text ?? ''),
  };
}
