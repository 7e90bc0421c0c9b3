/** The variables of lanes, which are kinds' own queues. */
import { z } from 'zod';
import { kinds } from '../kinds/index.ts';
import type { Kind } from '../kinds/kind.ts';
import { splitList, wholeNumber } from './variables.ts';

/** The variable that says how many jobs of a kind a worker runs at once: WORKER_CONCURRENCY_AUDIO. */
export const concurrencyVariable = ({ variable }: Pick<Kind, 'variable'>) => `WORKER_CONCURRENCY_${variable}` as const;

/**
 * The variable that says how many jobs of a kind begin in a
 * time, over all workers: WORKER_RATE_MAX_AUDIO.
 */
export const rateVariable = ({ variable }: Pick<Kind, 'variable'>) => `WORKER_RATE_MAX_${variable}` as const;

/** The variables of all lanes. */
export const OF_LANES = kinds.flatMap((kind) => [concurrencyVariable(kind), rateVariable(kind)]);

const names = kinds.map(({ name }) => name);
const EXPECTED = `expected kinds with commas between them, of ${names.join(', ')}`;

/** The value of such a variable. */
export const laneCount = wholeNumber(1, 1_000_000_000).optional();

/** A list of kinds. */
export const kindList = z
  .string()
  .transform(splitList)
  .pipe(z.array(z.enum(names, EXPECTED)).min(1, EXPECTED));
