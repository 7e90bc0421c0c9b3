/**
 * The ids of children: each follows from its parent's, so that
 * a child is the same one whoever makes it.
 */
import { hmacOf } from '../store/digest.ts';

/** How many characters follow a kind's name in an id. */
const ID_LENGTH = 32;

/**
 * The id of the child of this kind that a job leads to. Only who knows
 * the parent's id can tell it, and the parent's id can't be told from it.
 */
export function childIdOf(parent: string, kind: string): string {
  return `${kind}-${hmacOf(parent, `child ${kind}`).slice(0, ID_LENGTH)}`;
}
