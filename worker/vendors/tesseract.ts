/**
 * Tesseract: reads the text in an image on this machine, without a model of others and without the
 * network.
 */
import { FREE } from '../../src/job/price.ts';
import { ProblemError } from '../../src/job/problem.ts';
import type { Author } from '../../src/job/snapshot.ts';
import { type Capabilities, type ImageTextResult, type TextWord, NO_TOKENS } from '../capabilities.ts';
import { type Fit, type FittedImage, fitImage, pointIn, turnAround } from '../images/fit-image.ts';
import { startThread, ThreadPool } from '../thread.ts';
import type { ReadLine, ReadOrder, ReadWord } from './tesseract/thread.ts';
import { defineVendor } from './vendor.ts';

/**
 * A page of A4 with 300 dots an inch has 3508: more makes it slower, not better. Automatic modes
 * need to know the dots an inch.
 */
const FIT: Fit = { maxSide: 3508, maxBytes: Infinity, asScan: true };

/**
 * Lines and words of less confidence, in percent, are taken for spots and not for text. On noisy
 * paper without text lines reach 35; lines of text had 85 and more in photographs that are hard to
 * read.
 */
const MIN_CONFIDENCE = { line: 45, word: 25 };

/**
 * With less confidence over a whole page, in percent, nothing legible was found. Photographs that
 * are hard to read had 77 and more, pages that stood on their heads 39 at most.
 */
const LEGIBLE = 60;

const AUTHOR: Author = { provider: 'tesseract' };

/** Makes the capability to read images on this machine. */
export function createTesseract(): Capabilities['imageText'] {
  const read = createReaders();
  return async ({ image, languages }, report, signal) => {
    const data = dataFor(languages);
    if (data.length === 0) {
      throw new ProblemError('provider_rejected', `Without another provider, images are read in ${languagesRead()} only.`);
    }
    const fitted = await fitImage(image, FIT, signal);
    const call = await report.startCall(NO_TOKENS, AUTHOR);
    try {
      const readPage = async (page: FittedImage) => ({ page, paragraphs: await read({ image: page.bytes, languages: data }, signal) });
      const upright = await readPage(fitted);
      if (confidenceIn(upright) >= LEGIBLE) return toText(upright);
      const turned = await readPage(await turnAround(fitted)); // it may stand on its head
      return toText(confidenceIn(turned) > confidenceIn(upright) ? turned : upright);
    } finally {
      await call.settle(NO_TOKENS);
    }
  };
}

/**
 * Free threads that are kept for the next orders, each with some 100 MB. After 100 orders a
 * thread's memory does not grow any more.
 */
const MAX_FREE_THREADS = 2;

/**
 * Makes the function that reads the paragraphs in an image, with their lines. It rejects with the
 * signal's reason at once.
 */
function createReaders(): (order: ReadOrder, signal: AbortSignal) => Promise<ReadLine[][]> {
  const pool = new ThreadPool({
    start: () => startThread(new URL('./tesseract/thread.ts', import.meta.url)),
    maxFree: MAX_FREE_THREADS,
  });
  return (order, signal) =>
    pool.ask<ReadLine[][]>(order, signal).catch((cause: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw new ProblemError('internal_error', 'The text recognition failed on this image.', { cause });
    });
}

/** The names of the data, by the language's BCP 47 subtag. */
const DATA: Readonly<Record<string, string>> = { en: 'eng', de: 'deu', fr: 'fra', es: 'spa', it: 'ita', pt: 'por' };

/**
 * The names of the data for these languages (BCP 47), each once; those that are not read here are
 * left out.
 */
function dataFor(languages: readonly string[]): string[] {
  const names = languages.flatMap((tag) => DATA[new Intl.Locale(tag).language] ?? []);
  return [...new Set(names)];
}

/** For a client: the languages by their names. */
function languagesRead(): string {
  const names = new Intl.DisplayNames('en', { type: 'language' });
  return new Intl.ListFormat('en').format(Object.keys(DATA).map((tag) => names.of(tag) ?? tag));
}

/** A page as it was read: its image, and what was found in it. */
type ReadPage = { page: FittedImage; paragraphs: ReadLine[][] };

/**
 * How sure the reader is of all that it has found on a page, in percent: the mean over its letters,
 * 0 where it has found none.
 */
function confidenceIn({ paragraphs }: ReadPage): number {
  const words = paragraphs.flat().flatMap((line) => line.words);
  const letters = words.reduce((sum, { text }) => sum + text.length, 0);
  return words.reduce((sum, { text, confidence }) => sum + text.length * confidence, 0) / Math.max(letters, 1);
}

/** What of a page is text, with its places in the image. */
function toText({ page: fitted, paragraphs }: ReadPage): ImageTextResult {
  const clear = paragraphs.map((lines) => lines.flatMap(withoutSpots)).filter((lines) => lines.length > 0);
  return {
    text: clear.map((lines) => lines.map(({ text }) => text).join('\n')).join('\n\n'),
    width: fitted.width,
    height: fitted.height,
    lines: clear.flat().map((line) => ({ ...toWord(line, fitted), words: line.words.map((word) => toWord(word, fitted)) })),
  };
}

/** The line without spots; nothing if it is made of them. */
function withoutSpots(line: ReadLine): ReadLine[] {
  const mean = line.words.reduce((sum, { confidence }) => sum + confidence, 0) / line.words.length;
  const words = line.words.filter(({ confidence }) => confidence >= MIN_CONFIDENCE.word);
  return mean >= MIN_CONFIDENCE.line ? [{ ...line, words, text: words.map(({ text }) => text).join(' ') }] : [];
}

function toWord({ text, confidence, bbox: { x0, y0, x1, y1 } }: ReadWord, fitted: FittedImage): TextWord {
  const corners: [number, number][] = [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
  return { text, polygon: corners.map(([x, y]) => pointIn(fitted, x, y)), confidence: Math.round(confidence) / 100 };
}

/** Tesseract as a vendor. It is always there. */
export const tesseract = defineVendor({
  name: 'tesseract',
  keys: [],
  prices: { '*': FREE },
  variables: {},
  offers: () => ({ imageText: { available: true, work: createTesseract(), author: AUTHOR, answers: AUTHOR.provider } }),
});
