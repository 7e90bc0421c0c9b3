/**
 * The pronunciation kind: a recording and its text in, scores for the whole and for each word out.
 */
import { z } from 'zod';
import { estimateTokens } from '../job/token-estimate.ts';
import { languageTag, notes } from './fields.ts';
import { AUDIO_TYPES, inspectAudio } from './inspect/audio.ts';
import { defineKind } from './kind.ts';
import { secondsOf } from './speech-length.ts';

const score = z.number().min(0).max(100).describe('From 0 to 100.');
const ms = z.int().min(0);

/**
 * The length of the instructions, of a second of sound, and of the answer for each character of the
 * text, in tokens.
 */
const TOKENS = { prompt: 400, second: 10, character: 4 };

export const pronunciation = defineKind({
  name: 'pronunciation-assess',
  path: '/api/pronunciation-assess',
  method: 'pronunciation',
  variable: 'PRONUNCIATION',
  capability: 'speechAssessment',
  withoutKey: 'nobody',
  summary: 'Assesses how well a recording speaks a text.',
  pushTexts: { completed: 'Your pronunciation has been assessed.', failed: 'Your recording could not be assessed. Try again.' },
  input: z.object({
    referenceText: notes(1000).describe('What the recording should say.'),
    language: languageTag.default('en-US').describe('The language that is spoken (BCP 47), best with its region.'),
  }),
  files: {
    audio: {
      types: AUDIO_TYPES,
      maxBytes: 10 * 1024 * 1024,
      summary: 'a recording, 30 s long at most',
      inspect: inspectAudio({ maxDurationMs: 30_000 }),
    },
  },
  estimate: ({ referenceText }) => ({
    inputTokens: TOKENS.prompt + TOKENS.second * secondsOf(referenceText) + estimateTokens(referenceText),
    outputTokens: TOKENS.character * referenceText.length,
    seconds: secondsOf(referenceText),
  }),
  result: z.object({
    recognizedText: z.string().describe('What was heard.'),
    durationMs: ms.describe('How long the recording is, in ms.'),
    scores: z.object({ pronunciation: score, accuracy: score, fluency: score, completeness: score, prosody: score.optional() }),
    words: z.array(
      z.object({
        word: z.string(),
        accuracy: score,
        error: z.string().describe("`none`, `mispronunciation`, `omission`, `insertion`, or another word of the provider's."),
        offsetMs: ms.optional().describe('Where in the recording it begins, in ms.'),
        durationMs: ms.optional(),
        phonemes: z.array(z.object({ phoneme: z.string(), accuracy: score })).optional(),
      }),
    ),
    estimate: z.literal(true).optional().describe('There if a model has only estimated the scores.'),
  }),
  smoke: { referenceText: 'Water boils at one hundred degrees.', language: 'en-US', audio: 'water.ogg' },
  example: {
    input: { audio: 'data:audio/ogg;base64,T2dnUwACAAAAAAAAAAA=', referenceText: 'Water boils.', language: 'en-US' },
    result: {
      recognizedText: 'Water boils.',
      durationMs: 1400,
      scores: { pronunciation: 91, accuracy: 93, fluency: 96, completeness: 100, prosody: 84 },
      words: [
        { word: 'water', accuracy: 95, error: 'none', offsetMs: 120, durationMs: 510, phonemes: [{ phoneme: 'w', accuracy: 99 }] },
        { word: 'boils', accuracy: 88, error: 'none', offsetMs: 640, durationMs: 620 },
      ],
    },
  },
});
