/**
 * What a usual job of each kind costs at its vendor: the estimate by which budgets are reserved, at
 * the vendors' list prices.
 */
import { reservationFor, type Unit } from '../src/job/estimate.ts';
import type { Author } from '../src/job/snapshot.ts';
import { kinds } from '../src/kinds/index.ts';
import type { Kind } from '../src/kinds/kind.ts';
import { createFindPrice } from '../worker/prices.ts';
import { vendors } from '../worker/vendors/index.ts';

/** A usual job of a kind, by a vendor: in words, and what it costs in dollars. */
export type JobCost = { kind: string; of: string; by: string; usd: number };

/** A usual job. `body`: its input without a file; `bills`: the units that its vendor bills, if they are not tokens. */
type UsualJob = { kind: string; of: string; body: object; by: Author; bills?: readonly Unit[] };

const MODEL: Author = { provider: 'openai', model: 'gpt-5.4-mini' };

/** Notes of 500 characters. */
const NOTES = 'word '.repeat(100);

const USUAL: readonly UsualJob[] = [
  { kind: 'generate-flashcards', of: '500 characters, 10 cards', body: { content: NOTES, count: 10 }, by: MODEL },
  { kind: 'generate-lesson', of: '500 characters, 4 sections', body: { content: NOTES, sections: 4 }, by: MODEL },
  {
    kind: 'pronunciation-assess',
    of: 'a sentence of 60 characters',
    body: { referenceText: NOTES.slice(0, 60) },
    by: { provider: 'azure-speech' },
    bills: ['seconds'],
  },
  { kind: 'process-image', of: 'one image', body: {}, by: { provider: 'azure-document' }, bills: ['images'] },
  {
    kind: 'generate-audio',
    of: '500 characters',
    body: { text: NOTES },
    by: { provider: 'polly', model: 'neural' },
    bills: ['characters'],
  },
  { kind: 'generate-response', of: '500 characters, 1,000 tokens at most', body: { input: NOTES, max_output_tokens: 1000 }, by: MODEL },
];

const findPrice = createFindPrice(vendors);

function costOf({ kind: name, of, body, by, bills }: UsualJob): JobCost {
  const kind: Kind | undefined = kinds.find((one) => one.name === name);
  const estimate = kind?.estimate?.(kind.input.parse(body));
  const price = findPrice(by);
  if (!estimate || !price) throw new Error(`nothing is known of what ${name} costs`);
  const author = by.model === undefined ? by.provider : `${by.provider}/${by.model}`;
  return { kind: name, of, by: author, usd: reservationFor(estimate, [{ bills, price }]).usd };
}

/** A usual job of each kind. */
export const JOB_COSTS: readonly JobCost[] = USUAL.map(costOf);
