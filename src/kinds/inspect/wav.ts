/** WAV (RIFF WAVE): what its chunks say. Sizes are checked, so a file that is cut off is told from a whole one. */
import type { FileFacts } from '../kind.ts';
import { unreadable, type View } from './bytes.ts';

/** The size that programs write who don't know it yet. */
const UNKNOWN = 0xffffffff;

const CODECS: Record<number, string> = { 1: 'pcm-s', 3: 'pcm-f', 6: 'alaw', 7: 'ulaw' };
const EXTENSIBLE = 0xfffe;

/** Whether a file begins as a WAV does. */
export function isWav(view: View): boolean {
  return view.text(0, 4) === 'RIFF' && view.text(8, 4) === 'WAVE';
}

/** @throws ProblemError if it is cut off or malformed, or coded in another way than PCM, float, A-law or µ-law */
export function readWav(view: View): FileFacts {
  checkSize(view, 4, 8);
  let format: Format | undefined;
  for (let at = 12; at + 8 <= view.length;) {
    view.step();
    const size = checkSize(view, at + 4, at + 8);
    const name = view.text(at, 4);
    if (name === 'fmt ') format = readFormat(view, at + 8);
    if (name === 'data') {
      if (!format) break;
      const { bytesPerSecond, ...facts } = format;
      return { type: 'audio/wav', ...facts, durationMs: Math.round((size / bytesPerSecond) * 1000) };
    }
    at += 8 + size + (size % 2);
  }
  throw unreadable('is a WAV without a format or without sound');
}

/** Reads the size of what begins at `from`, and checks that it is there. */
function checkSize(view: View, at: number, from: number): number {
  const size = view.u32(at, true);
  const there = view.length - from;
  if (size === UNKNOWN) return there;
  if (size > there) throw unreadable(`is a WAV that is cut off: ${size - there} bytes are missing`);
  return size;
}

type Format = { codec: string; sampleRate: number; channels: number; bytesPerSecond: number };

function readFormat(view: View, at: number): Format {
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
