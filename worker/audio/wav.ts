/** WAV files: reads speech out of them, and writes them. */
import { type Pcm, samplesOf } from './pcm.ts';

/** Of the chunks before the samples, in bytes: RIFF, the format, and the head of the data. */
const HEAD = 44;

/** Makes a WAV file. */
export function writeWav({ pcm, sampleRate }: Pcm): Uint8Array {
  const length = pcm.length - (pcm.length % 2);
  const file = new Uint8Array(HEAD + length);
  const view = new DataView(file.buffer);
  const write = (at: number, text: string) => file.set(new TextEncoder().encode(text), at);
  write(0, 'RIFF');
  view.setUint32(4, HEAD - 8 + length, true);
  write(8, 'WAVEfmt ');
  view.setUint32(16, 16, true); // the length of the format
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * 2, true); // bytes in a second
  view.setUint16(32, 2, true); // bytes in a sample of all channels
  view.setUint16(34, 16, true); // bits in a sample
  write(36, 'data');
  view.setUint32(40, length, true);
  file.set(pcm.subarray(0, length), HEAD);
  return file;
}

/**
 * Reads a WAV file of 16 bits. Two channels are mixed into one. A length that is greater than the file, as servers write it that
 * stream, means: to the end. Returns undefined for anything else.
 */
export function readWav(file: Uint8Array): Pcm | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const text = (at: number) => new TextDecoder('latin1').decode(file.subarray(at, at + 4));
  if (file.length < 12 || text(0) !== 'RIFF' || text(8) !== 'WAVE') return undefined;
  let format: { channels: number; sampleRate: number } | undefined;
  for (let at = 12; at + 8 <= file.length;) {
    const [name, length, start] = [text(at), view.getUint32(at + 4, true), at + 8];
    if (name === 'fmt ') format = readFormat(view, start, length);
    if (name === 'data') return format && mix(file.subarray(start, start + length), format);
    at = start + length + (length % 2);
  }
  return undefined;
}

/** WAVE_FORMAT_PCM, and WAVE_FORMAT_EXTENSIBLE, which some programs write for it. */
const PCM_FORMATS: ReadonlySet<number> = new Set([1, 0xfffe]);

function readFormat(view: DataView, start: number, length: number) {
  if (length < 16 || start + length > view.byteLength) return undefined;
  const [type, channels, sampleRate] = [view.getUint16(start, true), view.getUint16(start + 2, true), view.getUint32(start + 4, true)];
  const usable = PCM_FORMATS.has(type) && view.getUint16(start + 14, true) === 16 && (channels === 1 || channels === 2) && sampleRate > 0;
  return usable ? { channels, sampleRate } : undefined;
}

function mix(data: Uint8Array, { channels, sampleRate }: { channels: number; sampleRate: number }): Pcm {
  if (channels === 1) return { pcm: data.subarray(0, data.length - (data.length % 2)), sampleRate };
  const both = samplesOf(data);
  const samples = Int16Array.from({ length: both.length >> 1 }, (_, n) => ((both[2 * n] ?? 0) + (both[2 * n + 1] ?? 0)) / 2);
  return { pcm: new Uint8Array(samples.buffer), sampleRate };
}
