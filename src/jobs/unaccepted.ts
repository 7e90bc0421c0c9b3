/** The problem of an input that the kind allows, but that no worker takes. */
import { ProblemError } from '../job/problem.ts';
import { type Acceptance, findUnaccepted, isFile } from '../kinds/acceptance.ts';
import type { Availability } from './worker-registry.ts';

/**
 * Returns the problem if none of the workers takes the input;
 * undefined if one does, or nothing is known.
 */
export function unacceptedProblem(input: unknown, availability: Availability): ProblemError | undefined {
  if (availability.type !== 'available') return undefined;
  const unaccepted = availability.accepts.map((acceptances) => findUnaccepted(input, acceptances));
  const [first] = unaccepted;
  return first && !unaccepted.includes(undefined) ? toUnacceptedProblem(input, first) : undefined;
}

/** Words it: a file of another type is 415, another value 400. */
export function toUnacceptedProblem(input: unknown, { field, detail }: Acceptance): ProblemError {
  const file = isFile((input as Record<string, unknown>)[field]);
  if (file) return new ProblemError('unsupported_media_type', detail, { errors: [{ pointer: `#/${field}`, detail }] });
  return new ProblemError('invalid_input', `#/${field}: ${detail}`, { errors: [{ pointer: `#/${field}`, detail }] });
}
