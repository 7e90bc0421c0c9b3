/** MP3 files of speech, at one constant bit rate: files that follow each other are one file. */
import { startThread, ThreadPool } from '../thread.ts';
import type { Mp3Order, Mp3Rate } from './mp3-thread.ts';
import type { Pcm } from './pcm.ts';

/** In kbit/s. More would hardly be heard in speech of one voice. */
const BIT_RATE = 48;

/** The sample rates that MP3 has, by their two bits in a frame's head, for each version of MPEG. */
const SAMPLE_RATES: readonly (readonly Mp3Rate[])[] = [[11_025, 12_000, 8000], [], [22_050, 24_000, 16_000], [44_100, 48_000, 32_000]];

/** How many threads of this process encode at the same time. Other pieces wait. */
const MAX_THREADS = 2;

/** Free threads are kept, because starting one takes longer than encoding a sentence. */
const threads = new ThreadPool({
  start: () => startThread(new URL('./mp3-thread.ts', import.meta.url)),
  maxFree: MAX_THREADS,
  maxRunning: MAX_THREADS,
});

/**
 * Encodes speech in a thread, because each second of speech takes some 10 ms in which the process
 * would answer nobody.
 * @throws the signal's reason if that aborts, which ends the thread
 */
export function encodeMp3(speech: Pcm, signal: AbortSignal): Promise<Uint8Array> {
  // Without a sample rate of its own for the file, the encoder would choose a lower one for some.
  const outputSampleRate = SAMPLE_RATES.flat().find((rate) => rate === speech.sampleRate);
  const order: Mp3Order = { speech, bitRate: BIT_RATE, outputSampleRate };
  return threads.ask<Uint8Array>(order, signal);
}

/** How long a file of this module is, in ms. */
export function mp3Duration(file: Uint8Array): number {
  return Math.round((file.length * 8) / BIT_RATE);
}

/**
 * What the encoder adds to speech, in ms: frames of silence before and after it, at the lowest
 * sample rate.
 */
const ADDED_MS = 150;

/** About how many bytes a file has. */
export function mp3Size(durationMs: number): number {
  return Math.ceil(((durationMs + ADDED_MS) * BIT_RATE) / 8);
}

/** The sample rate of a file of this module, in Hz. */
export function mp3SampleRate(file: Uint8Array): number | undefined {
  const [, second = 0, third = 0] = file;
  return SAMPLE_RATES[(second >> 3) & 3]?.[(third >> 2) & 3];
}
