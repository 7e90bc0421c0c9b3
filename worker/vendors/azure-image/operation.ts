/**
 * Reads what Document Intelligence says of an operation: it runs, has failed, or has read these
 * lines.
 */
import { z } from 'zod';
import type { ImageTextResult, Point, TextWord } from '../../capabilities.ts';
import { type FittedImage, pointIn } from '../../images/fit-image.ts';
import { jsonOf, type VendorAnswer } from '../vendor-call.ts';
import { malformed, toOperationProblem } from './errors.ts';

/** An operation that has succeeded. */
export type Operation = { textIn(fitted: FittedImage): ImageTextResult };

const span = z.object({ offset: z.number(), length: z.number() });
/** Polygons are flat: x, y, x, y and so on. */
const polygon = z.array(z.number()).default([]);
const word = z.object({ content: z.string(), polygon, confidence: z.number().optional(), span });
const line = z.object({ content: z.string(), polygon, spans: z.array(span) });
const page = z.object({ words: z.array(word).default([]), lines: z.array(line).default([]) });
const paragraph = z.object({ content: z.string(), spans: z.array(span).default([]) });
const result = z.object({ pages: z.array(page), paragraphs: z.array(paragraph).default([]) });
const status = z.discriminatedUnion('status', [
  z.object({ status: z.enum(['notStarted', 'running']) }),
  z.object({ status: z.literal('failed') }),
  z.object({ status: z.literal('succeeded'), analyzeResult: result }),
]);

type Span = z.infer<typeof span>;

/**
 * Reads the answer to a poll.
 * @throws ProblemError if the operation has failed, or `provider_bad_answer`
 */
export function readOperation(answer: VendorAnswer): 'running' | Operation {
  const body = jsonOf(answer);
  const parsed = status.safeParse(body);
  if (!parsed.success) throw malformed(parsed.error);
  const { data } = parsed;
  switch (data.status) {
    case 'failed':
      throw toOperationProblem(body);
    case 'succeeded':
      return { textIn: (fitted) => toResult(data.analyzeResult, fitted) };
    default:
      return 'running';
  }
}

function toResult({ pages, paragraphs }: z.infer<typeof result>, fitted: FittedImage): ImageTextResult {
  const lines = pages.flatMap((each) =>
    each.lines.map((one) => ({ ...one, words: each.words.filter((each) => isWithin(each.span, one.spans)) })),
  );
  const paragraphOf = (one: { spans: Span[] }): number => {
    const [first] = one.spans;
    return first ? paragraphs.findIndex(({ spans }) => isWithin(first, spans)) : -1;
  };
  // The service ends a line in a paragraph with a space; for people it is a line, and a paragraph
  // ends with an empty one.
  const separated = lines.map((one, n) => {
    const before = lines[n - 1];
    if (!before) return one.content;
    return (paragraphOf(before) === paragraphOf(one) ? '\n' : '\n\n') + one.content;
  });
  return {
    text: separated.join(''),
    width: fitted.width,
    height: fitted.height,
    lines: lines.map((one) => ({ ...toWord(one, fitted), words: one.words.map((each) => toWord(each, fitted)) })),
  };
}

/**
 * Words are not inside of their lines: what belongs together is told by the places in the whole
 * text.
 */
function isWithin({ offset, length }: Span, spans: readonly Span[]): boolean {
  return spans.some((each) => offset >= each.offset && offset + length <= each.offset + each.length);
}

function toWord(read: { content: string; polygon: number[]; confidence?: number | undefined }, fitted: FittedImage): TextWord {
  const points: Point[] = [];
  for (let n = 0; n + 1 < read.polygon.length; n += 2) points.push(pointIn(fitted, read.polygon[n] ?? 0, read.polygon[n + 1] ?? 0));
  return toTextWord(read.content, points, read.confidence);
}

/** A word with its place and how sure it is, as far as the service tells them. */
export function toTextWord(text: string, polygon: Point[], confidence: number | undefined): TextWord {
  return { text, ...(polygon.length > 0 && { polygon }), ...(confidence !== undefined && { confidence }) };
}
