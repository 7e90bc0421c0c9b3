/**
 * WebM (a profile of Matroska, RFC 9559): the sound track, and its length by its last block.
 * Recorders write no length.
 */
import type { FileFacts } from '../kind.ts';
import { ProblemError } from '../../job/problem.ts';
import { unreadable, type View } from './bytes.ts';

/** Elements by their ids. Those of `INSIDE` are walked into; the others are read or skipped. */
const ID = {
  head: 0x1a45dfa3,
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  scale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  track: 0xae,
  number: 0xd7,
  trackType: 0x83,
  codec: 0x86,
  audio: 0xe1,
  sampleRate: 0xb5,
  channels: 0x9f,
  cluster: 0x1f43b675,
  time: 0xe7,
  simpleBlock: 0xa3,
  blockGroup: 0xa0,
  block: 0xa1,
} as const;
const INSIDE: ReadonlySet<number> = new Set([ID.head, ID.segment, ID.info, ID.tracks, ID.track, ID.audio, ID.cluster, ID.blockGroup]);

const CODECS: Record<string, string> = { A_OPUS: 'opus', A_VORBIS: 'vorbis', A_AAC: 'aac' };
const SOUND = 2;

type Track = { number: number; type: number; codec?: string; sampleRate?: number; channels?: number };

/** Whether a file begins as a WebM does. */
export function isWebm(view: View): boolean {
  return view.u32(0) === ID.head;
}

/** Reads elements until there is a block later than `maxMs`. */
export function readWebm(view: View, maxMs: number): FileFacts {
  const types = new Map<number, number>(); // of tracks, by their numbers
  let track: Track | undefined;
  let sound: Track | undefined;
  let docType = '';
  let scale = 1_000_000; // ns for each unit
  let stated = 0;
  let cluster = 0;
  let last = 0;
  let step = 0;
  const seen = (at: number): void => {
    const { value: number, length } = readSize(view, at);
    const relative = (view.u16(at + length) << 16) >> 16;
    if (types.get(number) !== SOUND) return;
    const time = cluster + relative;
    if (time > last) step = time - last;
    last = Math.max(last, time);
  };
  for (let at = 0; at < view.length && (last * scale) / 1e6 <= maxMs;) {
    view.step();
    const { id, from, to } = readElement(view, at);
    if (id === ID.docType) docType = view.text(from, Math.min(to - from, 16)).replace(/\0+$/, '');
    else if (id === ID.scale) scale = readNumber(view, from, to);
    else if (id === ID.duration) stated = readFloat(view, from, to);
    else if (id === ID.track) track = { number: 0, type: 0 };
    else if (id === ID.number && track) track.number = readNumber(view, from, to);
    else if (id === ID.trackType && track) track.type = readNumber(view, from, to);
    else if (id === ID.codec && track) track.codec = CODECS[view.text(from, Math.min(to - from, 32)).replace(/\0+$/, '')] ?? '';
    else if (id === ID.sampleRate && track) track.sampleRate = readFloat(view, from, to);
    else if (id === ID.channels && track) track.channels = readNumber(view, from, to);
    else if (id === ID.time) cluster = readNumber(view, from, to);
    else if (id === ID.simpleBlock || id === ID.block) seen(from);
    if (track && (id === ID.number || id === ID.trackType)) {
      types.set(track.number, track.type);
      if (track.type === SOUND) sound ??= track;
    }
    at = INSIDE.has(id) ? from : to;
  }
  if (docType !== 'webm' || !sound) throw new ProblemError('unsupported_media_type', 'has no sound track, or is no WebM');
  const units = last > 0 ? Math.max(stated, last + step) : stated; // the last block is about as long as those before it
  const { codec, sampleRate = 8000, channels = 1 } = sound;
  return { type: 'audio/webm', ...(codec && { codec }), sampleRate, channels, durationMs: Math.round((units * scale) / 1e6) };
}

/**
 * Reads the head of an element. An element without a size ends with the file, and must be one of
 * `INSIDE`.
 */
function readElement(view: View, at: number): { id: number; from: number; to: number } {
  const idLength = Math.clz32(view.u8(at)) - 23;
  if (idLength > 4) throw unreadable('is a WebM that is malformed');
  let id = 0;
  for (let n = 0; n < idLength; n++) id = id * 256 + view.u8(at + n);
  const { value, length, unknown } = readSize(view, at + idLength);
  const from = at + idLength + length;
  if (unknown && !INSIDE.has(id)) throw unreadable('is a WebM that is malformed');
  const to = unknown ? view.length : from + value;
  if (to > view.length) throw unreadable('is a WebM that is cut off');
  return { id, from, to };
}

/** Reads a number of variable length (RFC 8794, section 4). `unknown`: all of its bits are set. */
function readSize(view: View, at: number): { value: number; length: number; unknown: boolean } {
  const first = view.u8(at);
  const length = Math.clz32(first) - 23;
  if (length > 8) throw unreadable('is a WebM that is malformed');
  let value = first & (0xff >> length);
  let unknown = value === 0xff >> length;
  for (let n = 1; n < length; n++) {
    const byte = view.u8(at + n);
    unknown &&= byte === 0xff;
    value = value * 256 + byte;
  }
  return { value, length, unknown };
}

function readNumber(view: View, from: number, to: number): number {
  if (to - from > 8) throw unreadable('is a WebM that is malformed');
  let value = 0;
  for (let at = from; at < to; at++) value = value * 256 + view.u8(at);
  return value;
}

function readFloat(view: View, from: number, to: number): number {
  const value = to - from === 8 ? view.f64(from) : to - from === 4 ? view.f32(from) : 0;
  return Number.isFinite(value) && value > 0 ? value : 0;
}
