/** When two texts are the same to a reader. */

/**
 * The key of a text. Two texts are the same to a reader if
 * their keys are: whatever the case, the width and the spaces.
 */
export function toKey(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}
