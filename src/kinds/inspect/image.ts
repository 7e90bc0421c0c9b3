/**
 * Inspects images: type and size in pixels, from their heads alone. Faults that only decoding shows
 * are found by the worker.
 */
import { ProblemError } from '../../job/problem.ts';
import type { FileFacts } from '../kind.ts';
import { brandsOf, findBox, boxesIn } from './boxes.ts';
import { inspecting, unreadable, type View, viewOf } from './bytes.ts';

/** The types that {@link inspectImage} tells. */
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/heic', 'image/avif'] as const;

/** The bounds of an image: each side in pixels, and the number of pixels in all. */
export type ImageBounds = { minSide: number; maxPixels: number };

/** Width and height in pixels. */
type Size = [width: number, height: number];

/** Makes an inspector of images. */
export function inspectImage({ minSide, maxPixels }: ImageBounds): (bytes: Uint8Array) => FileFacts {
  return (bytes) => {
    const { type, size } = inspecting(() => readImage(viewOf(bytes)));
    const [width, height] = size;
    if (Math.min(width, height) < minSide) throw unreadable(`has ${width} × ${height} pixels; each side must have ${minSide} at least`);
    if (width * height > maxPixels) {
      throw unreadable(`has ${width} × ${height} pixels; it may have ${maxPixels / 1e6} million in all`);
    }
    return { type, width, height };
  };
}

/** The shortest file that has a head of any of them, in bytes. */
const LEAST = 16;

function readImage(view: View): { type: (typeof IMAGE_TYPES)[number]; size: Size } {
  if (view.length >= LEAST) {
    if (view.u32(0) === 0x89504e47 && view.u32(4) === 0x0d0a1a0a) return { type: 'image/png', size: readPng(view) };
    if (view.u24(0) === 0xffd8ff) return { type: 'image/jpeg', size: readJpeg(view) };
    if (view.text(0, 4) === 'RIFF' && view.text(8, 4) === 'WEBP') return { type: 'image/webp', size: readWebp(view) };
    const type = heifTypeOf(brandsOf(view) ?? []);
    if (type) return { type, size: readHeif(view) };
  }
  throw new ProblemError('unsupported_media_type', 'is no image of a type that is taken: PNG, JPEG, WebP, HEIC or AVIF');
}

function readPng(view: View): Size {
  if (view.text(12, 4) !== 'IHDR') throw unreadable('is a PNG without a head');
  return [view.u32(16), view.u32(20)];
}

/** Walks the segments of a JPEG to the head of its frame (ITU T.81, section B.2.2). */
function readJpeg(view: View): Size {
  for (let at = 2; ;) {
    view.step();
    if (view.u8(at) !== 0xff) throw unreadable('is a JPEG that is malformed');
    const marker = view.u8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return [view.u16(at + 7), view.u16(at + 5)];
    if (marker === 0xda || marker === 0xd9) throw unreadable('is a JPEG without a frame');
    if (marker === 0xff) at += 1; // a fill byte
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else at += 2 + Math.max(view.u16(at + 2), 2);
  }
}

/** Reads the first chunk of a WebP (RFC 9649, section 2). */
function readWebp(view: View): Size {
  if (view.u32(4, true) > view.length - 8) throw unreadable('is a WebP that is cut off');
  const u24 = (at: number): number => view.u16(at, true) + view.u8(at + 2) * 0x10000;
  switch (view.text(12, 4)) {
    case 'VP8X':
      return [u24(24) + 1, u24(27) + 1];
    case 'VP8L': {
      const bits = view.u32(21, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    }
    case 'VP8 ':
      return [view.u16(26, true) & 0x3fff, view.u16(28, true) & 0x3fff];
    default:
      throw unreadable('is a WebP that is malformed');
  }
}

/** Brands that say how the images of a HEIF (ISO/IEC 23008-12) are coded. */
const AVIF_BRANDS: ReadonlySet<string> = new Set(['avif', 'avis']);
const HEIC_BRANDS: ReadonlySet<string> = new Set(['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx']);

/** Brands of both types. Phones write them as the major brand of HEIC. */
const HEIF_BRANDS: ReadonlySet<string> = new Set(['mif1', 'msf1']);

/** The type of a HEIF by its brands, the major one first; undefined for other files. */
function heifTypeOf(brands: string[]): 'image/heic' | 'image/avif' | undefined {
  const coded = brands.find((brand) => AVIF_BRANDS.has(brand) || HEIC_BRANDS.has(brand));
  if (coded !== undefined) return AVIF_BRANDS.has(coded) ? 'image/avif' : 'image/heic';
  return brands.some((brand) => HEIF_BRANDS.has(brand)) ? 'image/heic' : undefined;
}

/**
 * The largest size that a HEIC or an AVIF names. An image made of tiles names the sizes of its
 * tiles, too.
 */
function readHeif(view: View): Size {
  const file = { type: '', from: 0, to: view.length };
  const meta = findBox(view, file, 'meta');
  const ipco = meta && findBox(view, { ...meta, from: meta.from + 4 }, 'iprp', 'ipco');
  let size: Size = [0, 0];
  if (ipco) {
    for (const { type, from } of boxesIn(view, ipco.from, ipco.to)) {
      if (type !== 'ispe') continue;
      const [width, height] = [view.u32(from + 4), view.u32(from + 8)];
      if (width * height > size[0] * size[1]) size = [width, height];
    }
  }
  if (size[0] === 0) throw unreadable('is a HEIC or an AVIF without an image');
  return size;
}
