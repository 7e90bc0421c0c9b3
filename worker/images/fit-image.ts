/** Makes of an image what a vendor takes: upright, of a type and a size that it allows. */
import sharp from 'sharp';
import { asDecoded, type DecodedImage, openPicture } from './decode.ts';
import type { Picture, Point } from '../capabilities.ts';

/** What a vendor takes. */
export type Fit = {
  /**
   * The longest and the shortest side, in pixels. A larger image is scaled down, a smaller one gets
   * a border.
   */
  maxSide: number;
  minSide?: number;
  /** How large a file may be, in bytes. */
  maxBytes: number;
  /** Makes a grey PNG that says 300 dots an inch, as a scanner does. */
  asScan?: true;
};

/** An image as it is sent. */
export type FittedImage = {
  bytes: Uint8Array<ArrayBuffer>;
  type: 'image/png' | 'image/jpeg';
  /** The size of the upright image before it was scaled, in pixels. */
  width: number;
  height: number;
  /** How many pixels of the upright image are one pixel of what is sent. */
  scale: number;
  /** Whether what is sent stands on its head. */
  turned?: true;
};

/** How many dots an inch a scan has. */
const SCAN_DENSITY = 300;

/**
 * In which forms an image is sent, the best first. PNG keeps everything, but only drawn images are
 * small enough in it.
 */
const FORMS = [
  { type: 'image/png', share: 1 },
  { type: 'image/jpeg', quality: 92, share: 1 },
  { type: 'image/jpeg', quality: 80, share: 0.7 },
  { type: 'image/jpeg', quality: 80, share: 0.4 },
] as const;

/**
 * Fits an image. Images are decoded one at a time, since a large one takes some 200 MB.
 * @throws ProblemError `content_unusable` if it can't be decoded; the signal's reason if that is
 * aborted
 */
export async function fitImage(picture: Picture, fit: Fit, signal: AbortSignal): Promise<FittedImage> {
  return inTurn(async () => {
    signal.throwIfAborted();
    const forms = fit.asScan ? FORMS.slice(0, 1) : FORMS.filter(({ type }) => type === 'image/jpeg' || picture.type === 'image/png');
    for (const form of forms) {
      const fitted = await encode(await openPicture(picture, signal), fit, form);
      signal.throwIfAborted();
      if (fitted.bytes.length <= fit.maxBytes || form === forms.at(-1)) return fitted;
    }
    throw new RangeError('there is no form to send an image in');
  });
}

/** The same image on its head: some are scanned so, and say nothing of it. */
export async function turnAround(image: FittedImage): Promise<FittedImage> {
  const turned = sharp(image.bytes).rotate(180).withMetadata({ density: SCAN_DENSITY }).png();
  return { ...image, type: 'image/png', bytes: new Uint8Array(await asDecoded(() => turned.toBuffer())), turned: true };
}

/** Calculates a point of the image, as it was before it was turned, from one in what was sent. */
export function pointIn({ scale, width, height, turned }: FittedImage, x: number, y: number): Point {
  const within = (value: number, most: number) => Math.min(Math.max(Math.round(value * scale), 0), most);
  const [across, down] = [within(x, width), within(y, height)];
  return turned ? [width - across, height - down] : [across, down];
}

async function encode({ pixels, width, height, ground }: DecodedImage, fit: Fit, form: (typeof FORMS)[number]): Promise<FittedImage> {
  const { maxSide, minSide = 1 } = fit;
  const longest = Math.max(width, height);
  const scale = longest / Math.min(longest, Math.max(Math.round(maxSide * form.share), 1));
  const [sentWidth, sentHeight] = [width, height].map((side) => Math.max(Math.round(side / scale), 1)) as [number, number];
  const fitting = pixels
    .resize(sentWidth, sentHeight, { fit: 'fill' })
    .extend({ right: Math.max(minSide - sentWidth, 0), bottom: Math.max(minSide - sentHeight, 0), background: ground });
  // Programs that read scans know dark letters on light paper.
  const scan = () => (ground === 'black' ? fitting.greyscale().negate() : fitting.greyscale()).withMetadata({ density: SCAN_DENSITY });
  const coloured = fit.asScan ? scan() : fitting;
  const encoded = form.type === 'image/png' ? coloured.png() : coloured.jpeg({ quality: form.quality, chromaSubsampling: '4:4:4' });
  const bytes = new Uint8Array(await asDecoded(() => encoded.toBuffer()));
  return { bytes, type: form.type, width, height, scale };
}

let last: Promise<unknown> = Promise.resolve();

/** Does one piece of work after the other. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work, work);
  last = mine.catch(() => {});
  return mine;
}
