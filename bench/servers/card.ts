/** What the workers that are compared do: they make this card, after so many ms. */
import type { Flashcard } from '../../src/kinds/flashcards.ts';

/** The card. */
export const CARD: Flashcard = { front: 'What is the mitochondrion?', back: 'the power plant of the cell' };

/** How many characters of its answer a model sends at once: about a token. */
export const PIECE_LENGTH = 5;

/** How long the work on a job takes, in ms. */
export const workMs = Number(process.env['WORK_MS'] ?? 0);
