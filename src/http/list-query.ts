/**
 * Queries of lists: how they are validated, and the cursors in them, which say where a page ended.
 */
import { zValidator } from '@hono/zod-validator';
import { z } from 'zod';
import type { IndexPlace } from '../jobs/listing.ts';
import { invalidInput } from './problems.ts';

/**
 * Makes the middleware for a schema; its route reads the values by `c.req.valid('query')`. It
 * throws `invalid_input` with each mistake.
 */
export const validQuery = <Schema extends z.ZodObject>(schema: Schema) =>
  zValidator('query', schema, (result) => {
    if (!result.success) throw invalidInput(result.error.issues);
  });

const ADVICE = 'must be the nextCursor of an earlier answer';

/**
 * Parses a cursor: a score and an id. Both are only compared with entries of the index; no key is
 * made of them.
 */
export const cursor = z
  .string()
  .regex(/^[-+.\de]{1,25}~[A-Za-z0-9_-]{34,100}$/, ADVICE)
  .transform((text): IndexPlace => {
    const [score = '', id = ''] = text.split('~');
    return { score, id };
  })
  .refine(({ score }) => Number.isFinite(Number(score)), ADVICE);

/** Writes a place as a cursor. */
export function toCursor({ score, id }: IndexPlace): string {
  return `${score}~${id}`;
}
