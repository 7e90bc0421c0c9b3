/**
 * Errors whose message this code wrote itself. No user's content,
 * no key and no vendor's words are in it, so a log may show it.
 */
export class OwnError extends Error {
  override name = 'OwnError';
}
