/** Bounds the values of a label, so that no metric grows without end. */

/** What stands for the values past the bound. */
export const OTHER = 'other';

/** How many values a label has at most. An installation has a few models and vendors. */
const MAX_VALUES = 50;

/**
 * Makes the function that returns a label's value: the given one if it is among the first `max`
 * different ones, else `other`. It is for values that settings decide, never for those of clients.
 */
export function createBoundedLabel(max = MAX_VALUES): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= max) return OTHER;
    known.add(value);
    return value;
  };
}
