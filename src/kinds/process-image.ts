/** The image kind: a photo or a drawing in, the text in it out. */
import { z } from 'zod';
import { languageTag, MAX_CONTENT } from './fields.ts';
import { flashcards } from './flashcards.ts';
import { IMAGE_TYPES, inspectImage } from './inspect/image.ts';
import { childMarker, defineKind } from './kind.ts';
import { lesson } from './lesson.ts';
import { rejoinLines } from './rejoin-lines.ts';

/** The largest image file, in bytes. */
const MAX_BYTES = 10 * 1024 * 1024;

/** The length of an image, of the instructions, and of the text of a page, in tokens. */
const TOKENS = { image: 1500, prompt: 150, page: 400 };

/** The smallest side of an image, in pixels, and the most pixels that it may have. */
const MIN_SIDE = 16;
export const MAX_PIXELS = 50_000_000;

const point = z
  .tuple([z.number(), z.number()])
  .describe('A point in the upright image, in pixels: how far from the left, and from the top.');

/** A word, and how sure its reader is of it, from 0 to 1. */
const word = z.object({
  text: z.string(),
  polygon: z.array(point).optional(),
  confidence: z.number().optional().describe('How sure the reader is, from 0 to 1.'),
});

/** The kinds that can go on with the text, as `then` names them. They take it as `content`. */
const NEXT = { flashcards, lesson };

const input = z
  .object({
    languages: z
      .array(languageTag)
      .min(1)
      .max(10)
      .default(['en'])
      .describe('The languages that the text may be in (BCP 47), the likeliest first.'),
    then: z.enum(['flashcards', 'lesson']).optional().describe('The job that goes on with the text.'),
    thenInput: z.record(z.string(), z.unknown()).optional().describe("The other fields of that job's input."),
  })
  .check((context) => {
    const { then, thenInput } = context.value;
    const refuse = (message: string, ...path: PropertyKey[]) =>
      context.issues.push({ code: 'custom', message, path: ['thenInput', ...path], input: thenInput });
    if (then === undefined) {
      if (thenInput !== undefined) refuse('is for a second job: name it in "then"');
      return;
    }
    if (thenInput && 'content' in thenInput) refuse('is the text of the image', 'content');
    const parsed = NEXT[then].input.safeParse({ ...thenInput, content: 'text' });
    for (const { message, path } of parsed.error?.issues ?? []) refuse(message, ...path);
    if (!parsed.success) return;
    const { content: _, ...rest } = parsed.data;
    context.value.thenInput = rest; // with its defaults: the same work is the same input
  });

export const processImage = defineKind({
  name: 'process-image',
  path: '/api/process-image',
  method: 'image',
  variable: 'IMAGE',
  capability: 'imageText',
  withoutKey: { vendor: 'tesseract' },
  summary: 'Reads the text in an image.',
  pushTexts: { completed: 'The text of your picture is ready.', failed: 'Your picture could not be read. Try again.' },
  input,
  files: {
    image: {
      types: IMAGE_TYPES,
      maxBytes: MAX_BYTES,
      summary: 'a photo or a drawing',
      inspect: inspectImage({ minSide: MIN_SIDE, maxPixels: MAX_PIXELS }),
    },
  },
  estimate: () => ({ inputTokens: TOKENS.image + TOKENS.prompt, outputTokens: TOKENS.page, images: 1 }),
  result: z.object({
    text: z.string(),
    width: z.int().describe('The width of the upright image, in pixels.'),
    height: z.int().describe('The height of the upright image, in pixels.'),
    lines: z.array(word.extend({ words: z.array(word).optional() })),
    child: childMarker.optional(),
  }),
  smoke: { languages: ['en'], image: 'water.png' },
  example: {
    input: { image: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==', languages: ['en'], then: 'flashcards', thenInput: { count: 5 } },
    result: {
      text: 'Water boils at 100 degrees Celsius.',
      width: 1200,
      height: 400,
      lines: [
        {
          text: 'Water boils at 100 degrees Celsius.',
          polygon: [
            [40, 60],
            [1150, 60],
            [1150, 120],
            [40, 120],
          ],
          confidence: 0.97,
        },
      ],
      child: {
        jobId: 'generate-flashcards-q2Wv8sYb1LrT0dKx5mNcZp7HfJ4uGaE9',
        statusUrl: '/api/job-status/generate-flashcards-q2Wv8sYb1LrT0dKx5mNcZp7HfJ4uGaE9',
        streamUrl:
          '/api/jobs/generate-flashcards-q2Wv8sYb1LrT0dKx5mNcZp7HfJ4uGaE9/events?token=zzzzzzzzzz.2Wv8sYb1LrT0dKx5mNcZp7HfJ4uGaE9q2Wv8sYb1LrQ',
      },
    },
  },
  nested: ({ then }) => (then === 'flashcards' || then === 'lesson' ? { thenInput: NEXT[then] } : {}),
  next: ({ then, thenInput }) =>
    then && {
      kind: NEXT[then],
      expected: { ...thenInput, content: '' },
      // Its lines end where the paper's lines did. A text that is too long for the job is cut.
      inputFrom: ({ text }) => ({ ...thenInput, content: rejoinLines(text).slice(0, MAX_CONTENT).toWellFormed() }),
    },
});
