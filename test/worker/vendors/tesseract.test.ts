/** Tests the reading of images on this machine: photographed pages, damaged files, and the way of an abort. */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { ImageTextRequest } from '../../../worker/capabilities.ts';
import { createTesseract } from '../../../worker/vendors/tesseract.ts';
import { calm, keepReport } from '../../support/capability.ts';
import { PAGES, photograph, print, wrongShare } from '../../support/pages.ts';

const tesseract = createTesseract();

const requestFor = (bytes: Uint8Array, type: string, languages: string[]): ImageTextRequest => ({
  image: { bytes, type },
  languages,
  started: undefined,
  keepStarted: () => {},
});
const read = (bytes: Uint8Array, languages = ['en'], type = 'image/jpeg', signal = calm) =>
  tesseract(requestFor(bytes, type, languages), keepReport().report, signal);

test('a page that was photographed straight has at most 2 % wrong characters', async () => {
  const { text, lines, width, height } = await read(await photograph([{ x: 60, lines: PAGES.english }]));
  expect(wrongShare(text, PAGES.english.join(' '))).toBeLessThanOrEqual(0.02);
  expect([width, height, lines.length]).toEqual([1240, 900, PAGES.english.length]);
  const [first] = lines;
  expect(first).toMatchObject({ text: PAGES.english[0], confidence: expect.closeTo(0.95, 1) });
  expect(first?.words?.map(({ text: word }) => word).join(' ')).toBe(PAGES.english[0]);
  const [left, top] = first?.polygon?.[0] ?? [];
  expect([left, top]).toEqual([expect.closeTo(60, -1), expect.closeTo(66, -1)]); // where it was drawn
});

test('so has a page at 3 degrees and of low contrast', async () => {
  const photo = await photograph([{ x: 60, lines: PAGES.english }], { angle: 3, ink: '#9a9a9a', paper: '#c4c2bd' });
  expect(wrongShare((await read(photo)).text, PAGES.english.join(' '))).toBeLessThanOrEqual(0.02);
});

test('so has a page with a column in German and one in French', async () => {
  const photo = await photograph([
    { x: 60, lines: PAGES.german },
    { x: 660, lines: PAGES.french },
  ]);
  const { text } = await read(photo, ['de', 'fr']);
  expect(wrongShare(text, [...PAGES.german, ...PAGES.french].join(' '))).toBeLessThanOrEqual(0.02);
});

const SENTENCE = 'Water boils at 100 degrees.';
const small = { width: 640, height: 160, size: 36 };

test('an image is read upright, as its camera has noted it', async () => {
  const turned = await sharp(await print([SENTENCE], small))
    .rotate(90)
    .jpeg()
    .withMetadata({ orientation: 8 })
    .toBuffer();
  expect(await read(turned)).toMatchObject({ text: SENTENCE, width: 640, height: 160 });
});

test('HEIC and transparent PNG are read, too', async () => {
  const heic = readFileSync(new URL('../../support/images/sentence.heic', import.meta.url));
  expect(await read(heic, ['en'], 'image/heic')).toMatchObject({ text: SENTENCE, width: 640, height: 160 });
  const clear = await print([SENTENCE], { ...small, paper: 'none' });
  expect((await read(clear, ['en'], 'image/png')).text).toBe(SENTENCE);
});

test('AVIF is read; letters on nothing are read in every colour, as PNG, WebP and AVIF, and a sign on a ground of its own', async () => {
  const avif = await sharp(await print([SENTENCE], small))
    .avif({ quality: 80 })
    .toBuffer();
  expect(await read(avif, ['en'], 'image/avif')).toMatchObject({ text: SENTENCE, width: 640, height: 160 });
  for (const ink of ['white', '#ffe9a0', '#9fd6ff', 'black', '#7a1020']) {
    const letters = sharp(await print([SENTENCE], { ...small, paper: 'none', ink }));
    expect([ink, (await read(await letters.png().toBuffer(), ['en'], 'image/png')).text]).toEqual([ink, SENTENCE]);
    if (ink !== 'white') continue;
    expect((await read(await letters.webp({ lossless: true }).toBuffer(), ['en'], 'image/webp')).text).toBe(SENTENCE);
    expect((await read(await letters.avif({ lossless: true }).toBuffer(), ['en'], 'image/avif')).text).toBe(SENTENCE);
  }
  const sign = sharp(await print([SENTENCE], small)).extend({ top: 30, bottom: 30, left: 30, right: 30, background: '#0000' });
  expect((await read(await sign.png().toBuffer(), ['en'], 'image/png')).text).toBe(SENTENCE);
});

test('a page that stands on its head is read all the same, and places are those in the image as it came', async () => {
  const upright = await print([SENTENCE], small);
  const [line] = (await read(upright, ['en'], 'image/png')).lines;
  const turned = await read(await sharp(upright).rotate(180).png().toBuffer(), ['en'], 'image/png');
  expect(turned).toMatchObject({ text: SENTENCE, width: 640, height: 160 });
  const [[x, y] = [0, 0]] = turned.lines[0]?.polygon ?? [];
  const [[left, top] = [0, 0]] = line?.polygon ?? [];
  const page = await sharp(await photograph([{ x: 60, lines: PAGES.english }]))
    .rotate(180)
    .jpeg()
    .toBuffer();
  expect(wrongShare((await read(page)).text, PAGES.english.join(' '))).toBeLessThanOrEqual(0.02);
  expect(Math.abs(640 - x - left) + Math.abs(160 - y - top)).toBeLessThan(20);
});

test('an empty sheet has no text, and neither has one with the noise of a camera', async () => {
  const sheet = { width: 320, height: 240 };
  expect(await read(await print([], sheet), ['en'], 'image/png')).toEqual({ text: '', width: 320, height: 240, lines: [] });
  expect((await read(await photograph([], sheet))).text).toBe('');
});

test('damaged files are content that is not usable, and cost nobody a thread', async () => {
  const jpeg = await sharp(await print([SENTENCE], small))
    .jpeg()
    .toBuffer();
  const heic = readFileSync(new URL('../../support/images/sentence.heic', import.meta.url));
  const zeroed = Buffer.from(heic).fill(0, heic.length - 2000);
  const png = Buffer.from(await print([SENTENCE], small)).fill(7, 200, 400);
  for (const [bytes, type] of [
    [jpeg.subarray(0, jpeg.length / 2), 'image/jpeg'],
    [png, 'image/png'],
    [Buffer.from('no image at all'), 'image/webp'],
    [zeroed.subarray(0, 700), 'image/heic'],
  ] as const) {
    await expect(read(bytes, ['en'], type), type).rejects.toMatchObject({ code: 'content_unusable' });
  }
  expect((await read(jpeg)).text).toBe(SENTENCE);
});

test('an abort ends the reading at once with its reason, and the next image is read', async () => {
  const photo = await photograph([{ x: 60, lines: PAGES.english }]);
  const stopping = new AbortController();
  const { report, calls } = keepReport();
  const reading = tesseract(requestFor(photo, 'image/jpeg', ['en']), report, stopping.signal);
  await expect.poll(() => calls.length).toBe(1); // it was decoded, and is being read
  stopping.abort(new Error('cancelled'));
  await expect(reading).rejects.toThrow('cancelled');
  const { text } = await read(await print([SENTENCE], small), ['en'], 'image/png');
  expect(text).toBe(SENTENCE);
});

test('languages that are not among the data are refused with those that are', async () => {
  const image = await print([SENTENCE], small);
  await expect(read(image, ['ja'], 'image/png')).rejects.toMatchObject({
    code: 'provider_rejected',
    detail: expect.stringContaining('English, German, French, Spanish, Italian, and Portuguese'),
  });
});
