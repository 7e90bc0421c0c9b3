/** WAV files: reads speech out of them, and writes them. */
import { inspecting, type View, viewOf } from '../../src/kinds/inspect/bytes.ts';
import { isWav, wavLayout, type WavLayout } from '../../src/kinds/inspect/wav.ts';
import type { Pcm } from './pcm.ts';

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

/** How many bytes a file has. */
export function wavSize(durationMs: number, sampleRate: number): number {
  return HEAD + Math.ceil((durationMs * sampleRate * 2) / 1000);
}

/**
 * Reads a WAV file of PCM or floats, as servers of speech write them. Several channels are mixed
 * into one. A length that is greater than the file, or was never filled in, as servers write it
 * that stream, means: to the end. Returns undefined for anything else.
 */
export function decodeWav(file: Uint8Array): Pcm | undefined {
  const view = viewOf(file);
  const layout = file.length < 12 || !isWav(view) ? undefined : layoutOf(view);
  const width = layout && WIDTHS[layout.format.codec];
  if (!layout || !width) return undefined;
  const { format, from, to } = layout;
  const { channels, sampleRate } = format;
  const data = file.subarray(from, to);
  if (format.codec === 'pcm-s16' && channels === 1) return { pcm: data.subarray(0, data.length - (data.length % 2)), sampleRate };
  return { pcm: mix(new DataView(data.buffer, data.byteOffset, data.byteLength), channels, width), sampleRate };
}

/**
 * A recording with its sizes set to what is there: recognisers believe them, and hear nothing where
 * they were never filled in. What is no WAV, or right already, is returned as it is.
 */
export function withTrueSizes(file: Uint8Array): Uint8Array {
  const view = viewOf(file);
  const layout = file.length < 12 || !isWav(view) ? undefined : layoutOf(view);
  if (!layout) return file;
  const { from, to, sizeAt } = layout;
  const [riff, data] = [view.u32(4, true), view.u32(sizeAt, true)];
  if (riff > 0 && riff <= file.length - 8 && data === to - from) return file;
  const mended = new Uint8Array(file); // a Buffer's slice would be the same bytes
  const write = new DataView(mended.buffer);
  write.setUint32(4, file.length - 8, true);
  write.setUint32(sizeAt, to - from, true);
  return mended;
}

function layoutOf(view: View): WavLayout | undefined {
  try {
    return inspecting(() => wavLayout(view, 'taken'));
  } catch {
    return undefined; // it is malformed
  }
}

/** How a sample is stored: its bytes, and what reads it as a number from -1 to 1. */
type Width = { bytes: number; read: (data: DataView, at: number) => number };

const WIDTHS: Record<string, Width> = {
  'pcm-u8': { bytes: 1, read: (data, at) => (data.getUint8(at) - 128) / 128 },
  'pcm-s16': { bytes: 2, read: (data, at) => data.getInt16(at, true) / 32_768 },
  'pcm-s24': { bytes: 3, read: (data, at) => (data.getInt8(at + 2) * 65_536 + data.getUint16(at, true)) / 8_388_608 },
  'pcm-s32': { bytes: 4, read: (data, at) => data.getInt32(at, true) / 2_147_483_648 },
  'pcm-f32': { bytes: 4, read: (data, at) => data.getFloat32(at, true) },
  'pcm-f64': { bytes: 8, read: (data, at) => data.getFloat64(at, true) },
};

function mix(data: DataView, channels: number, { bytes, read }: Width): Uint8Array {
  const samples = new Int16Array(Math.floor(data.byteLength / (bytes * channels)));
  for (let n = 0; n < samples.length; n++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += read(data, (n * channels + channel) * bytes);
    samples[n] = Math.max(-32_768, Math.min(32_767, Math.round((sum / channels) * 32_768))); // floats may go past 1; NaN becomes 0
  }
  return new Uint8Array(samples.buffer);
}
