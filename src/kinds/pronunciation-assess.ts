/** The pronunciation kind: a recording and the text that it should speak in; scores for the whole and for each word out. */
import { z } from 'zod';
import { languageTag, notes } from './fields.ts';
import { AUDIO_TYPES, inspectAudio } from './inspect/audio.ts';
import { defineKind } from './kind.ts';

/** From 0 to 100. */
const score = z.number().min(0).max(100);
const ms = z.int().min(0);

export const pronunciation = defineKind({
  name: 'pronunciation-assess',
  path: '/api/pronunciation-assess',
  capability: 'speechAssessment',
  summary: 'Assesses how well a recording speaks a text.',
  input: z.object({
    /** What the recording should say. */
    referenceText: notes(1000),
    /** The language that is spoken, best with its region: `en-US`. */
    language: languageTag.default('en-US'),
  }),
  files: {
    audio: {
      types: AUDIO_TYPES,
      maxBytes: 10 * 1024 * 1024,
      summary: 'The recording, 30 s long at most.',
      inspect: inspectAudio({ maxDurationMs: 30_000 }),
    },
  },
  result: z.object({
    recognizedText: z.string(),
    durationMs: ms,
    scores: z.object({ pronunciation: score, accuracy: score, fluency: score, completeness: score, prosody: score.optional() }),
    words: z.array(
      z.object({
        word: z.string(),
        accuracy: score,
        /** `none`, `mispronunciation`, `omission`, `insertion`, or another word of the provider's. */
        error: z.string(),
        offsetMs: ms.optional(),
        durationMs: ms.optional(),
        phonemes: z.array(z.object({ phoneme: z.string(), accuracy: score })).optional(),
      }),
    ),
    /** There if a model has only estimated the scores. */
    estimate: z.literal(true).optional(),
  }),
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
