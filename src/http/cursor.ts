/** Cursors of lists: text that says where a page ended. Clients send it back to get the next page. */
import { z } from 'zod';
import type { Place } from '../jobs/listing.ts';

const ADVICE = 'must be the nextCursor of an earlier answer';

/** Parses a cursor: a score and an id. Both are only compared with entries of the index; no key is made of them. */
export const cursor = z
  .string()
  .regex(/^[-+.\de]{1,25}~[A-Za-z0-9_-]{34,100}$/, ADVICE)
  .transform((text): Place => {
    const [score = '', id = ''] = text.split('~');
    return { score, id };
  })
  .refine(({ score }) => Number.isFinite(Number(score)), ADVICE);

/** Writes a place as a cursor. */
export function toCursor({ score, id }: Place): string {
  return `${score}~${id}`;
}
