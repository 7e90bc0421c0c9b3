/** The lesson kind: a topic or notes in; a lesson with sections, vocabulary and exercises out. */
import { z } from 'zod';
import { estimateTokens } from '../job/token-estimate.ts';
import { languageTag, MAX_CONTENT, notes } from './fields.ts';
import { defineKind } from './kind.ts';

const text = (max: number) => z.string().trim().min(1).max(max);

/** What the lesson is called. */
export const lessonTitle = text(300);

/** What the learner can do after the lesson. */
export const objective = text(500);

/** A part of the lesson: a heading, the text under it, and examples where there are some. */
export const lessonSection = z.object({
  heading: text(300),
  body: text(8000),
  examples: z.array(text(1000)).min(1).max(20).optional(),
});

/** A word or term of the lesson. */
export const vocabularyEntry = z.object({ term: text(300), meaning: text(1000), example: text(1000).optional() });

/** An exercise. Where there are choices, the answer is one of them. */
export const exercise = z
  .object({
    question: text(2000),
    choices: z.array(text(500)).min(2).max(10).optional(),
    answer: text(2000),
    explanation: text(2000).optional(),
  })
  .refine(({ choices, answer }) => choices === undefined || choices.includes(answer), {
    path: ['choices'],
    message: 'must have the answer among them',
  });

/** A part of the lesson. */
export type LessonSection = z.infer<typeof lessonSection>;
/** A word or term of the lesson. */
export type VocabularyEntry = z.infer<typeof vocabularyEntry>;
/** An exercise. */
export type Exercise = z.infer<typeof exercise>;

/**
 * The length of the instructions, and of a section with its vocabulary and its exercises, in
 * tokens. Those of the offline generator have 165 on average in the corpus. A model's are twice as
 * long.
 */
const TOKENS = { prompt: 600, section: 330 };

export const lesson = defineKind({
  name: 'generate-lesson',
  path: '/api/ai/generate-lesson',
  method: 'lesson',
  variable: 'LESSON',
  capability: 'structuredAnswer',
  withoutKey: { vendor: 'offline', needs: ['content'] },
  summary: 'Writes a lesson about a topic, or out of the given notes.',
  pushTexts: { completed: 'Your lesson is ready.', failed: 'Your lesson could not be made. Try again.' },
  input: z
    .object({
      topic: notes(200).optional().describe('The topic. It or the notes must be there.'),
      content: notes(MAX_CONTENT).optional().describe('The notes. They or the topic must be there.'),
      subject: z.string().max(200).optional().describe('The school subject.'),
      level: text(50).optional().describe('A level of the CEFR, such as "B1", or any other words for it.'),
      language: languageTag.optional().describe('The language of the lesson (BCP 47); without it, that of the notes or the topic.'),
      nativeLanguage: languageTag.optional().describe('The language of the learner (BCP 47): meanings and explanations are in it.'),
      sections: z.int().min(1).max(12).default(4).describe('How many sections at most; short notes give fewer.'),
    })
    .refine(({ topic, content }) => topic !== undefined || content !== undefined, {
      path: ['content'],
      message: 'expected content, or a topic, or both',
    }),
  estimate: ({ topic = '', content = '', sections }) => ({
    inputTokens: TOKENS.prompt + estimateTokens(topic + content),
    outputTokens: TOKENS.section * sections,
  }),
  lists: ['objectives', 'sections', 'vocabulary', 'exercises'],
  result: z.object({
    lesson: z.object({
      title: lessonTitle,
      language: languageTag.optional().describe('The language that the lesson is written in, where its author says so.'),
      objectives: z.array(objective),
      sections: z.array(lessonSection),
      vocabulary: z.array(vocabularyEntry),
      exercises: z.array(exercise),
    }),
  }),
  smoke: { content: 'Water boils at 100 degrees Celsius. The heart is a muscle. Hund: dog', topic: 'smoke', sections: 1 },
  example: {
    input: { topic: 'Asking the way in Portuguese', level: 'A1', language: 'pt', nativeLanguage: 'en', sections: 1 },
    result: {
      lesson: {
        title: 'Onde fica…?',
        language: 'pt',
        objectives: ['Ask where a place is'],
        sections: [{ heading: 'Where is the station?', body: 'Ask with "onde fica" and the place.', examples: ['Onde fica a estação?'] }],
        vocabulary: [{ term: 'a estação', meaning: 'the station', example: 'A estação fica ali.' }],
        exercises: [{ question: 'Onde … o mercado?', choices: ['fica', 'fico'], answer: 'fica' }],
      },
    },
  },
});
