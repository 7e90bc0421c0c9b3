/** Cursors of lists: where an earlier page ended, as clients send it back. */
import { z } from 'zod';
import type { Place } from '../queue/listing.ts';

const ADVICE = 'must be the nextCursor of an earlier answer';

/** A score and an id, which are only compared with those of the index: no key is made of them. */
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
