/** The variables that name vendors outright. */
import type { z } from 'zod';

/** The variable that names a kind's vendor outright, by kind. It counts for more than AI_PROVIDER. */
export const PROVIDER_VARIABLES = {
  'generate-flashcards': 'PROVIDER_FLASHCARDS',
  'generate-lesson': 'PROVIDER_LESSON',
  'pronunciation-assess': 'PROVIDER_PRONUNCIATION',
  'process-image': 'PROVIDER_IMAGE',
  'generate-audio': 'PROVIDER_AUDIO',
} as const;

/** All variables that name a vendor. */
export const NAMING = ['AI_PROVIDER', ...Object.values(PROVIDER_VARIABLES)] as const;

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
