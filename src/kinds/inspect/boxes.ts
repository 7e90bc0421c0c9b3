/** The boxes of ISO base media files (ISO/IEC 14496-12), which MP4, 3GP and HEIC are made of. */
import { unreadable, type View } from './bytes.ts';

/** A box: its type, and where its content begins and ends. */
export type Box = { type: string; from: number; to: number };

/**
 * The boxes between two places, in order. A box that goes past the end is an error: the file is cut
 * off.
 */
export function* boxesIn(view: View, from: number, to: number): Generator<Box, void> {
  for (let at = from; at + 8 <= to;) {
    view.step();
    const short = view.u32(at);
    const size = short === 1 ? view.u64(at + 8) : short === 0 ? to - at : short;
    const head = short === 1 ? 16 : 8;
    if (size < head || size > to - at) throw unreadable('is cut off or malformed');
    yield { type: view.text(at + 4, 4), from: at + head, to: at + size };
    at += size;
  }
}

/**
 * The first box of a type inside of another, by the types on the way; undefined if there is none.
 */
export function findBox(view: View, { from, to }: Box, ...path: [string, ...string[]]): Box | undefined {
  const [type, ...rest] = path;
  for (const box of boxesIn(view, from, to)) {
    if (box.type !== type) continue;
    const [first, ...more] = rest;
    return first === undefined ? box : findBox(view, box, first, ...more);
  }
  return undefined;
}

/**
 * The brands of a file: the major one first; undefined if it does not begin as such a file does.
 */
export function brandsOf(view: View): string[] | undefined {
  if (view.length < 16 || view.text(4, 4) !== 'ftyp') return undefined;
  const to = Math.min(view.u32(0), view.length, 1024);
  const brands = [view.text(8, 4)];
  for (let at = 16; at + 4 <= to; at += 4) brands.push(view.text(at, 4));
  return brands;
}
