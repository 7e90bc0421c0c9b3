/** MP4, m4a and 3GP: the sound track that its tables or its fragments describe. */
import type { FileFacts } from '../kind.ts';
import { ProblemError } from '../../job/problem.ts';
import { type Box, boxesIn, findBox } from './boxes.ts';
import { unreadable, type View } from './bytes.ts';

const CODECS: Record<string, string> = { mp4a: 'aac', samr: 'amr-nb', sawb: 'amr-wb', alac: 'alac', Opus: 'opus', fLaC: 'flac' };

/** A sound track. `units`: its length, in parts of a second by `timescale`. */
type Track = { id: number; timescale: number; units: number; defaultDuration: number; facts: Partial<FileFacts> };

/** Reads a file with these brands. */
export function readMp4(view: View, brands: string[]): FileFacts {
  let track: Track | undefined;
  let whole = false;
  for (const box of boxesIn(view, 0, view.length)) {
    if (box.type === 'moov') {
      if (whole) throw unreadable('has two descriptions of its tracks');
      whole = true;
      for (const inner of boxesIn(view, box.from, box.to)) if (inner.type === 'trak') track ??= readTrack(view, inner);
      if (track) track.defaultDuration = readDefault(view, box, track.id);
    } else if (box.type === 'moof' && track) {
      for (const inner of boxesIn(view, box.from, box.to)) if (inner.type === 'traf') addFragment(view, inner, track);
    }
  }
  if (!whole) throw unreadable('is cut off: it has no description of its tracks');
  if (!track) throw new ProblemError('unsupported_media_type', 'has no sound track');
  const seconds = track.units / track.timescale;
  return { type: brands[0]?.startsWith('3g') ? 'audio/3gpp' : 'audio/mp4', ...track.facts, durationMs: Math.round(seconds * 1000) };
}

/** Reads a track; undefined if it is not one of sound. */
function readTrack(view: View, trak: Box): Track | undefined {
  const [tkhd, hdlr, mdhd] = [findBox(view, trak, 'tkhd'), findBox(view, trak, 'mdia', 'hdlr'), findBox(view, trak, 'mdia', 'mdhd')];
  const stbl = findBox(view, trak, 'mdia', 'minf', 'stbl');
  if (!tkhd || !hdlr || !mdhd || !stbl || view.text(hdlr.from + 8, 4) !== 'soun') return undefined;
  const long = view.u8(mdhd.from) === 1; // version 1 has times of 64 bits
  const timescale = view.u32(mdhd.from + (long ? 20 : 12));
  if (timescale === 0) throw unreadable('has a malformed track');
  const id = view.u32(tkhd.from + (view.u8(tkhd.from) === 1 ? 20 : 12));
  return { id, timescale, units: sumOfTimes(view, findBox(view, stbl, 'stts')), defaultDuration: 0, facts: readEntry(view, stbl) };
}

/** How the sound is coded: the first entry of the table of sample descriptions. */
function readEntry(view: View, stbl: Box): Partial<FileFacts> {
  const stsd = findBox(view, stbl, 'stsd');
  const entry = stsd && [...boxesIn(view, stsd.from + 8, stsd.to)][0];
  if (!entry) throw unreadable('has a track without a description');
  const codec = CODECS[entry.type];
  return { ...(codec !== undefined && { codec }), sampleRate: view.u16(entry.from + 24) }; // the channels there are not to be relied on
}

/** The length of all samples in a table of times. */
function sumOfTimes(view: View, stts: Box | undefined): number {
  let units = 0;
  if (stts) for (let n = view.u32(stts.from + 4), at = stts.from + 8; n > 0; n--, at += 8) units += view.u32(at) * view.u32(at + 4);
  return units;
}

/** How long a sample is in fragments of a track that do not say it. */
function readDefault(view: View, moov: Box, trackId: number): number {
  const mvex = findBox(view, moov, 'mvex');
  if (mvex) {
    for (const { type, from } of boxesIn(view, mvex.from, mvex.to)) {
      if (type === 'trex' && view.u32(from + 4) === trackId) return view.u32(from + 12);
    }
  }
  return 0;
}

/** Adds the length of a fragment to its track. */
function addFragment(view: View, traf: Box, track: Track): void {
  const tfhd = findBox(view, traf, 'tfhd');
  if (!tfhd || view.u32(tfhd.from + 4) !== track.id) return;
  const flags = view.u24(tfhd.from + 1);
  const given = (flags & 0x8) !== 0; // after an offset of 8 bytes and a number of 4, where they are there
  const duration = given ? view.u32(tfhd.from + 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0)) : track.defaultDuration;
  for (const box of boxesIn(view, traf.from, traf.to)) if (box.type === 'trun') track.units += lengthOfRun(view, box, duration);
}

function lengthOfRun(view: View, { from, to }: Box, duration: number): number {
  const flags = view.u24(from + 1);
  const count = view.u32(from + 4);
  if ((flags & 0x100) === 0) return count * duration;
  const first = from + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
  const width = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length * 4;
  if (first + count * width > to) throw unreadable('has a malformed fragment');
  let units = 0;
  for (let n = 0; n < count; n++) units += view.u32(first + n * width);
  return units;
}
