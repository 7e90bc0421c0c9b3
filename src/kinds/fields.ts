/** Fields that the inputs of several kinds have. */
import { z } from 'zod';

/**
 * Text that is not empty, with at most `max` characters as JavaScript counts them (UTF-16 code
 * units).
 */
export const notes = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => /[\p{L}\p{N}]/u.test(text), 'must have a word or a number in it');

/** The most characters of study material that one job takes. */
export const MAX_CONTENT = 100_000;

/**
 * A language by its BCP 47 tag. Phones write `en_US`, as in the names of locales (ICU); that is
 * `en-US`.
 */
export const languageTag = z
  .string()
  .max(35)
  .overwrite((tag) => tag.replaceAll('_', '-'))
  .refine(isLanguageTag, 'must be a BCP 47 language tag, such as "en" or "pt-BR"');

function isLanguageTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
}
