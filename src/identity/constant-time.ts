/** Comparing secrets. */

/**
 * Whether two texts are equal. The time it takes depends on their length, but not on where they
 * differ.
 */
export function isEqual(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
