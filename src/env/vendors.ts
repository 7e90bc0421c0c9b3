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

/** What the environment may hold for a vendor. */
export type VendorVariables = {
  /** As AI_PROVIDER names it. */
  name: string;
  /** Each of these switches the vendor on; one without any is always on. */
  keys: readonly string[];
  /** Whether AI_PROVIDER may name it. */
  writes?: boolean;
  variables: z.ZodRawShape;
};
