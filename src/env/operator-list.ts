/** The variable that names several operators, each with an own secret. */
import { z } from 'zod';
import { splitList } from './variables.ts';

const EXPECTED =
  'expected name:secret pairs with commas between them, such as ana:SECRET,bob:SECRET; a name has letters, digits, dots, hyphens and underscores, and a secret no spaces';

/** Operators, as `name:secret` with commas between them. No two may have the same secret. */
export const operatorList = z
  .string()
  .transform((text) => splitList(text).map((pair) => /^([\w.-]{1,64}):([\x21-\x7E]+)$/.exec(pair) ?? []))
  .refine((pairs) => pairs.length > 0 && pairs.every(([pair]) => pair !== undefined), EXPECTED)
  .transform((pairs) => pairs.map(([, name = '', secret = '']) => ({ name, secret })))
  .refine((all) => new Set(all.map(({ secret }) => secret)).size === all.length, 'expected a secret of its own for each name');
