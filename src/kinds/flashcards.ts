/** The flashcards kind: notes in, question-and-answer cards out. */
import { z } from 'zod';
import { estimateTokens } from '../job/token-estimate.ts';
import { languageTag, MAX_CONTENT, notes } from './fields.ts';
import { defineKind } from './kind.ts';

/** A card: what is asked, and what is to be remembered. */
export const flashcard = z.object({
  front: z.string().trim().min(1).max(1000),
  back: z.string().trim().min(1).max(2000),
});

/** A card: what is asked, and what is to be remembered. */
export type Flashcard = z.infer<typeof flashcard>;

/**
 * The length of the instructions and of a card, in tokens. Cards of the offline generator have 17
 * on average in the corpus. A model's cards are twice as long.
 */
const TOKENS = { prompt: 250, card: 35 };

export const flashcards = defineKind({
  name: 'generate-flashcards',
  path: '/api/ai/generate-flashcards',
  method: 'flashcards',
  variable: 'FLASHCARDS',
  capability: 'structuredAnswer',
  withoutKey: { vendor: 'offline' },
  summary: 'Makes flashcards out of the given notes.',
  pushTexts: { completed: 'Your flashcards are ready.', failed: 'Your flashcards could not be made. Try again.' },
  input: z.object({
    content: notes(MAX_CONTENT).describe('The notes. They must have a word or a number in them.'),
    subject: z.string().max(200).optional().describe('The school subject.'),
    topic: z.string().max(200).optional().describe('The topic within the subject.'),
    count: z.int().min(1).max(50).default(10).describe('How many cards at most; short notes give fewer.'),
    language: languageTag.optional().describe('The language of the cards (BCP 47); without it, that of the notes.'),
    difficulty: z.string().min(1).max(50).optional().describe('How difficult the cards should be, in any words.'),
  }),
  lists: ['flashcards'],
  estimate: ({ content, count }) => ({ inputTokens: TOKENS.prompt + estimateTokens(content), outputTokens: TOKENS.card * count }),
  result: z.object({ flashcards: z.array(flashcard) }),
  smoke: { content: 'Water boils at 100 degrees Celsius. The heart is a muscle. Hund: dog', subject: 'smoke', topic: 'test', count: 3 },
  example: {
    input: { content: 'The mitochondrion is the power plant of the cell. Water boils at 100 degrees Celsius.', count: 2, language: 'en' },
    result: {
      flashcards: [
        { front: 'What is the mitochondrion?', back: 'The power plant of the cell' },
        { front: 'At how many degrees Celsius does water boil?', back: '100' },
      ],
    },
  },
});
