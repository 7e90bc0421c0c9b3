/** The audio kind: text in; speech out, part by part and then as one file. */
import { z } from 'zod';
import { estimateTokens } from '../job/token-estimate.ts';
import { languageTag, notes } from './fields.ts';
import { defineKind, outputMarker } from './kind.ts';
import { secondsOf } from './speech-length.ts';

/**
 * The most bytes of all WAV files of a job. A user has room for 64 MB unless FILES_MAX_MB is set.
 */
const MAX_WAV_BYTES = 60_000_000;

/** The lowest sample rate of a provider, in Hz. */
const LEAST_SAMPLE_RATE = 16_000;

/** The message for a format in which the text would be too large. */
export const NO_ROOM = 'must be mp3 for so long a text: wav would become too large';

/** Tokens of a second of sound, as OpenAI bills them. */
export const AUDIO_TOKENS_PER_SECOND = 20;

/** A part of the speech. It can be played before the others are there. */
export const audioPart = z.object({
  output: outputMarker,
  text: z.string(),
  bytes: z.int(),
  durationMs: z.int(),
});

/** A part of the speech. It can be played before the others are there. */
export type AudioPart = z.infer<typeof audioPart>;

export const audio = defineKind({
  name: 'generate-audio',
  path: '/api/ai/generate-audio',
  method: 'audio',
  variable: 'AUDIO',
  capability: 'speech',
  withoutKey: { vendor: 'espeak-ng' },
  summary: 'Speaks a text.',
  pushTexts: { completed: 'Your audio is ready.', failed: 'Your audio could not be made. Try again.' },
  input: z
    .object({
      text: notes(20_000).describe('What is spoken.'),
      language: languageTag.default('en').describe('The language of the text (BCP 47).'),
      voice: z
        .string()
        .min(1)
        .max(100)
        .optional()
        .describe("A voice of the provider; without it, the provider's usual one for the language."),
      speed: z.number().min(0.5).max(2).default(1).describe("How fast it is spoken: 1 is the voice's own speed."),
      format: z.enum(['mp3', 'wav']).default('mp3').describe('The format of the file. A long text is too large as `wav`.'),
    })
    .refine((input) => isRoomFor(input, LEAST_SAMPLE_RATE), { path: ['format'], message: NO_ROOM }),
  result: z.object({
    audio: z.object({ output: outputMarker, type: z.string(), bytes: z.int(), durationMs: z.int() }),
    parts: z.array(audioPart),
  }),
  lists: ['parts'],
  outputs: true,
  estimate({ text, speed }) {
    const seconds = secondsOf(text) / speed;
    const [tokens, outputAudioTokens] = [estimateTokens(text), Math.ceil(seconds * AUDIO_TOKENS_PER_SECOND)];
    // A model that speaks in a chat has some instructions for each part, and writes what it says.
    return {
      inputTokens: Math.ceil(2 * tokens),
      outputTokens: outputAudioTokens + Math.ceil(tokens),
      outputAudioTokens,
      characters: text.length,
      seconds,
    };
  },
  smoke: { text: 'Water boils at one hundred degrees.', language: 'en' },
  example: {
    input: { text: 'Water boils at one hundred degrees.', language: 'en', format: 'mp3' },
    result: {
      audio: {
        outputUrl: '/api/jobs/generate-audio-z51ffWz8IhCzPZbF0LeAw74ZQm3xT0aB/output',
        type: 'audio/mpeg',
        bytes: 17_280,
        durationMs: 2160,
      },
      parts: [
        {
          outputUrl: '/api/jobs/generate-audio-z51ffWz8IhCzPZbF0LeAw74ZQm3xT0aB/output/0',
          text: 'Water boils at one hundred degrees.',
          bytes: 17_280,
          durationMs: 2160,
        },
      ],
    },
  },
});

/**
 * Whether the files of a job, its parts and the whole, have room. MP3 always has. `sampleRate`:
 * that of the provider, in Hz.
 */
export function isRoomFor({ text, speed, format }: { text: string; speed: number; format: string }, sampleRate: number): boolean {
  const bytes = (secondsOf(text) / speed) * sampleRate * 2;
  return format === 'mp3' || 2 * bytes <= MAX_WAV_BYTES;
}
