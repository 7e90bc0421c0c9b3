/** The variables that name vendors outright. */
import type { z } from 'zod';
import { kinds } from '../kinds/index.ts';
import type { Kind } from '../kinds/kind.ts';

/**
 * The variable that names a kind's vendor outright: PROVIDER_AUDIO. It counts for more than
 * AI_PROVIDER.
 */
export const providerVariable = ({ variable }: Pick<Kind, 'variable'>) => `PROVIDER_${variable}` as const;

/** All variables that name a vendor. */
export const NAMING = ['AI_PROVIDER', ...kinds.map(providerVariable)] as const;

/** A vendor as the environment names it and switches it on. */
export type VendorVariables = {
  /** The name in AI_PROVIDER and in a job's `provider`. */
  readonly name: string;
  /** Each of these variables switches the vendor on. A vendor without any is always on. */
  readonly keys: readonly string[];
  /** Whether it writes structured answers, so that AI_PROVIDER may name it. */
  readonly writes?: boolean;
  /** Its variables, as a zod shape. The worker parses them together with its own. */
  readonly variables: z.ZodRawShape;
};
