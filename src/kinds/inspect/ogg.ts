/**
 * Ogg (RFC 3533) with Opus or Vorbis: the first page says how it is coded, the last one how long it
 * is.
 */
import type { FileFacts } from '../kind.ts';
import { ProblemError } from '../../job/problem.ts';
import { unreadable, type View } from './bytes.ts';

/** The granule position of a page on which no packet ends. */
const NONE = 2 ** 64 - 1;

const BEGIN = 2;

/** A stream: granule positions count samples at this rate, after so many that are not heard. */
type Stream = { serial: number; facts: FileFacts; granuleRate: number; preSkip: number; granule: number };

/** Whether a file begins as an Ogg does. */
export function isOgg(view: View): boolean {
  return view.text(0, 4) === 'OggS';
}

/**
 * Reads pages until they are longer than `maxMs`. Streams that follow each other count together.
 */
export function readOgg(view: View, maxMs: number): FileFacts {
  let first: Stream | undefined;
  let stream: Stream | undefined;
  let before = 0; // the length of the streams before, in s
  const length = (): number => before + (stream ? Math.max(stream.granule - stream.preSkip, 0) / stream.granuleRate : 0);
  for (let at = 0; at < view.length && length() * 1000 <= maxMs;) {
    view.step();
    if (view.text(at, 4) !== 'OggS') throw unreadable('is an Ogg that is malformed after some pages');
    const segments = view.u8(at + 26);
    let size = 27 + segments;
    for (let n = 0; n < segments; n++) size += view.u8(at + 27 + n);
    if (at + size > view.length) throw unreadable('is an Ogg that is cut off');
    const serial = view.u32(at + 14, true);
    if ((view.u8(at + 5) & BEGIN) !== 0) {
      const next = readHead(view, at + 27 + segments, serial);
      if (next) {
        before = length();
        stream = next;
        first ??= next;
      }
    }
    const granule = view.u64(at + 6, true);
    if (stream?.serial === serial && granule < NONE) stream.granule = Math.max(stream.granule, granule);
    at += size;
  }
  if (!first) throw new ProblemError('unsupported_media_type', 'is an Ogg without Opus or Vorbis');
  return { ...first.facts, durationMs: Math.round(length() * 1000) };
}

/**
 * Reads the first packet of a stream (RFC 7845, section 5.1; Vorbis I, section 4.2.2); undefined
 * for another coding.
 */
function readHead(view: View, at: number, serial: number): Stream | undefined {
  const type = 'audio/ogg';
  if (view.text(at, 8) === 'OpusHead') {
    const facts = { type, codec: 'opus', sampleRate: 48_000, channels: view.u8(at + 9) };
    return { serial, facts, granuleRate: 48_000, preSkip: view.u16(at + 10, true), granule: 0 };
  }
  if (view.text(at, 7) === '\x01vorbis') {
    const sampleRate = view.u32(at + 12, true);
    if (sampleRate === 0) throw unreadable('is an Ogg with a malformed head');
    const facts = { type, codec: 'vorbis', sampleRate, channels: view.u8(at + 11) };
    return { serial, facts, granuleRate: sampleRate, preSkip: 0, granule: 0 };
  }
  return undefined;
}
