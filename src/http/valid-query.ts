/** Validates the query of a request. */
import { zValidator } from '@hono/zod-validator';
import type { z } from 'zod';
import { invalidInput } from './problems.ts';

/** Makes the middleware for a schema; its route reads the values by `c.req.valid('query')`. It throws `invalid_input` with each mistake. */
export const validQuery = <Schema extends z.ZodObject>(schema: Schema) =>
  zValidator('query', schema, (result) => {
    if (!result.success) throw invalidInput(result.error.issues);
  });
