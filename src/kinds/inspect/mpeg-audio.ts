/**
 * MP3 (MPEG audio, layer III) and AAC in ADTS: files without a head. Their length is the sum of
 * their frames.
 */
import type { FileFacts } from '../kind.ts';
import { unreadable, type View } from './bytes.ts';

/** A frame: its size in bytes, and what it holds. */
type Frame = { size: number; samples: number; sampleRate: number; channels: number; codec: 'mp3' | 'aac' };

const TYPES = { mp3: 'audio/mpeg', aac: 'audio/aac' } as const;

/** In kbit/s, by the number in the header; of MPEG 1, and of 2 and 2.5. */
const BIT_RATES = [
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
] as const;
const MPEG1_RATES = [44_100, 48_000, 32_000] as const;
const ADTS_RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350] as const;

/** The most bytes between frames that are skipped. */
const MAX_SKIPPED = 64 * 1024;

/**
 * Where the first frame is: after the tags (ID3v2) at the beginning; undefined if there is no
 * frame, or none follows it.
 */
export function firstFrameOf(view: View): number | undefined {
  let at = 0;
  while (at + 10 <= view.length && view.text(at, 3) === 'ID3') {
    view.step();
    at += 10 + syncsafe(view, at + 6);
  }
  const frame = frameAt(view, at);
  if (!frame) return undefined;
  const next = at + frame.size;
  return next >= view.length || frameAt(view, next)?.codec === frame.codec || view.text(next, 3) === 'TAG' ? at : undefined;
}

/**
 * Reads frames until they are longer than `maxMs`. Bytes between frames are skipped; the rest of
 * the file is, too, after too many of them.
 */
export function readMpegAudio(view: View, first: number, maxMs: number): FileFacts {
  const head = frameAt(view, first);
  if (!head) throw unreadable('has no frame of sound');
  const { codec, sampleRate, channels } = head;
  if (isCutOff(view, first, head)) throw unreadable('is cut off');
  let ms = 0;
  let skipped = 0;
  for (let at = first; at < view.length && ms <= maxMs && skipped <= MAX_SKIPPED;) {
    const frame = frameAt(view, at);
    if (frame?.codec === codec) ms += (frame.samples / frame.sampleRate) * 1000;
    else skipped++;
    at += frame?.size ?? 1;
  }
  return { type: TYPES[codec], codec, sampleRate, channels, durationMs: Math.round(ms) };
}

/**
 * Whether an MP3 is shorter than its first frame says. Most encoders write a header there (`Xing`
 * or `Info`), after the side information: flags, then the number of frames and the number of bytes.
 */
function isCutOff(view: View, first: number, { size, samples, channels, codec }: Frame): boolean {
  const sideInfo = samples === 1152 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  const at = first + 4 + sideInfo;
  if (codec !== 'mp3' || at + 16 > view.length || !['Xing', 'Info'].includes(view.text(at, 4))) return false;
  const flags = view.u32(at + 4);
  const bytes = (flags & 2) === 0 ? 0 : view.u32(at + (flags & 1 ? 12 : 8));
  return first + bytes > view.length + size; // some count a frame more
}

/** A size of four times seven bits (ID3v2, section 6.2). */
function syncsafe(view: View, at: number): number {
  return [0, 1, 2, 3].reduce((sum, n) => sum * 128 + (view.u8(at + n) & 127), 0);
}

/** Reads the header of a frame; undefined where there is none. */
function frameAt(view: View, at: number): Frame | undefined {
  if (at + 7 > view.length) return undefined;
  const sync = view.u16(at);
  if ((sync & 0xffe0) !== 0xffe0) return undefined;
  const layer = (sync >> 1) & 3;
  if ((sync & 0xfff0) === 0xfff0 && layer === 0) return adtsFrame(view, at);
  return layer === 1 ? mp3Frame(view, at, (sync >> 3) & 3) : undefined;
}

function mp3Frame(view: View, at: number, version: number): Frame | undefined {
  const bits = view.u16(at + 2);
  const rate = MPEG1_RATES[(bits >> 10) & 3];
  const isFirst = version === 3;
  const kbits = BIT_RATES[isFirst ? 0 : 1][bits >> 12];
  if (version === 1 || rate === undefined || !kbits) return undefined; // a free bit rate (0) tells no size
  const sampleRate = isFirst ? rate : version === 2 ? rate / 2 : rate / 4;
  const samples = isFirst ? 1152 : 576;
  const size = Math.floor(((samples / 8) * kbits * 1000) / sampleRate) + ((bits >> 9) & 1);
  return { size, samples, sampleRate, channels: ((bits >> 6) & 3) === 3 ? 1 : 2, codec: 'mp3' };
}

function adtsFrame(view: View, at: number): Frame | undefined {
  const bits = view.u16(at + 2);
  const sampleRate = ADTS_RATES[(bits >> 10) & 15];
  const size = (view.u32(at + 3) >> 13) & 0x1fff;
  if (sampleRate === undefined || size < 7) return undefined;
  const blocks = (view.u8(at + 6) & 3) + 1;
  return { size, samples: 1024 * blocks, sampleRate, channels: (bits >> 6) & 7, codec: 'aac' };
}
