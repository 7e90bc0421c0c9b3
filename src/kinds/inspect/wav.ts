/**
 * WAV (RIFF WAVE): format and length by its chunks. Sizes are checked, to find files that are cut
 * off. Recorders that are killed, or write to a pipe, never fill in the sizes; such sizes are
 * known, and mean: to the end.
 */
import type { FileFacts } from '../kind.ts';
import { unreadable, type View } from './bytes.ts';

/** Sizes from here on were never filled in: near the largest of 31 bits, or of 32 bits. */
const UNKNOWN_FROM = 0x7ffff000;

/** A size may be so many bytes too large. Some recorders count the head twice. */
const EXCESS_BYTES = 64;

const CODECS: Record<number, string> = { 1: 'pcm-s', 3: 'pcm-f', 6: 'alaw', 7: 'ulaw' };
const EXTENSIBLE = 0xfffe;

/**
 * How the sound of a WAV is coded. `codec`: as `pcm-s16`, `pcm-u8`, `pcm-f32`, `alaw`;
 * `sampleRate`: in Hz.
 */
export type WavFormat = { codec: string; sampleRate: number; channels: number; bytesPerSecond: number };

/**
 * Where the sound of a WAV is, in bytes from its start. `sizeAt`: where the size of the data
 * stands.
 */
export type WavLayout = { format: WavFormat; from: number; to: number; sizeAt: number };

/** Whether a file begins as a WAV does. */
export function isWav(view: View): boolean {
  return view.text(0, 4) === 'RIFF' && view.text(8, 4) === 'WAVE';
}

/**
 * @throws ProblemError if it is cut off or malformed, or coded in another way than PCM, float,
 * A-law and µ-law
 */
export function readWavFacts(view: View): FileFacts {
  const { format, from, to } = wavLayout(view, 'refused');
  const { bytesPerSecond, ...facts } = format;
  return { type: 'audio/wav', ...facts, durationMs: Math.round(((to - from) / bytesPerSecond) * 1000) };
}

/**
 * Finds the sound of a WAV. `cutOff`: whether a file that lacks bytes at its end is refused, or
 * taken as far as it goes.
 * @throws ProblemError as {@link readWavFacts}
 */
export function wavLayout(view: View, cutOff: 'refused' | 'taken'): WavLayout {
  const sizeOf = (at: number, from: number): number => {
    const size = view.u32(at, true);
    const there = Math.max(view.length - from, 0);
    if (size <= there) return size;
    if (size >= UNKNOWN_FROM || (size - there <= EXCESS_BYTES && there > 0) || cutOff === 'taken') return there;
    throw unreadable(`is a WAV that is cut off: ${size - there} bytes are missing`);
  };
  sizeOf(4, 8);
  let format: WavFormat | undefined;
  for (let at = 12; at + 8 <= view.length;) {
    view.step();
    const name = view.text(at, 4);
    const from = at + 8;
    if (name === 'data') {
      if (!format) break;
      const size = sizeOf(at + 4, from);
      // A size that was never filled in; but where other chunks follow, there is no sound.
      const to = size === 0 && !isChunks(view, from) ? view.length : from + size;
      return { format, from, to, sizeAt: at + 4 };
    }
    const size = view.u32(at + 4, true);
    if (size > view.length - from) throw unreadable(`is a WAV that is cut off: ${size - (view.length - from)} bytes are missing`);
    if (name === 'fmt ') format = readFormat(view, from);
    at = from + size + (size % 2);
  }
  throw unreadable('is a WAV without a format or without sound');
}

/** Whether the rest of the file is chunks: printable names, and sizes that lead to the end. */
function isChunks(view: View, from: number): boolean {
  let at = from;
  while (at + 8 <= view.length && /^[ -~]{4}$/.test(view.text(at, 4))) {
    const size = view.u32(at + 4, true);
    at += 8 + size + (size % 2);
    view.step();
  }
  return at > from && at >= view.length && at <= view.length + 1;
}

function readFormat(view: View, at: number): WavFormat {
  const tag = view.u16(at, true);
  const coding = CODECS[tag === EXTENSIBLE ? view.u16(at + 24, true) : tag];
  const channels = view.u16(at + 2, true);
  const sampleRate = view.u32(at + 4, true);
  const bits = view.u16(at + 14, true);
  if (coding === undefined) throw unreadable(`is a WAV with a coding (${tag}) that is not taken; PCM, float, A-law and µ-law are`);
  if (channels === 0 || sampleRate === 0 || bits < 8 || bits % 8 !== 0) throw unreadable('is a WAV with a malformed format');
  const codec = coding.startsWith('pcm') ? `${bits === 8 ? 'pcm-u' : coding}${bits}` : coding;
  return { codec, sampleRate, channels, bytesPerSecond: (sampleRate * channels * bits) / 8 };
}
