/**
 * The formats of generated speech: how a part becomes a file, and how files of parts become one.
 */
import { encodeMp3, mp3Duration, mp3SampleRate, mp3Size } from './mp3.ts';
import { durationOf, type Pcm } from './pcm.ts';
import { decodeWav, wavSize, writeWav } from './wav.ts';

/** A format. `file`: always one that the format has made. */
export type SpeechFormat = {
  type: string;
  encode(speech: Pcm, signal: AbortSignal): Promise<Uint8Array>;
  /** In ms. */
  duration(file: Uint8Array): number;
  /** About how many bytes a file has. `sampleRate`: of the speech, in Hz. */
  size(durationMs: number, sampleRate: number): number;
  /** In Hz; undefined for a file that can't be read. */
  sampleRate(file: Uint8Array): number | undefined;
  /** Makes one file of several that have the same sample rate. */
  join(files: readonly Uint8Array[]): Uint8Array;
};

/** All formats, by name. */
export const speechFormats = {
  wav: {
    type: 'audio/wav',
    encode: (speech) => Promise.resolve(writeWav(speech)),
    duration: (file) => durationOf(decodeWav(file) ?? SILENCE),
    size: wavSize,
    sampleRate: (file) => decodeWav(file)?.sampleRate,
    join(files) {
      const parts = files.flatMap((file) => decodeWav(file) ?? []);
      return writeWav({ pcm: Buffer.concat(parts.map(({ pcm }) => pcm)), sampleRate: parts[0]?.sampleRate ?? SILENCE.sampleRate });
    },
  },
  mp3: {
    type: 'audio/mpeg',
    encode: encodeMp3,
    duration: mp3Duration,
    size: mp3Size,
    sampleRate: mp3SampleRate,
    // Each file begins and ends with whole frames. Its encoder adds some 50 ms of silence, and
    // between two sentences is silence anyway.
    join: (files) => Buffer.concat(files),
  },
} as const satisfies Record<string, SpeechFormat>;

const SILENCE: Pcm = { pcm: new Uint8Array(), sampleRate: 16_000 };
