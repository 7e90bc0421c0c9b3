/** The header `Retry-After` (RFC 9110, section 10.2.3): when to ask again, in seconds or as a date. */

/** The headers of an answer, as fetch and Node have them. */
type Answered = { 'retry-after'?: string | null | undefined; date?: string | null | undefined };

/**
 * Reads it as ms from now, 0 for a date that has passed; undefined where
 * it says nothing. A date is reckoned from the answer's own `Date`: it
 * is the answering server's clock that counts, whatever ours says.
 */
export function readRetryAfter({ 'retry-after': text, date }: Answered): number | undefined {
  if (!text) return undefined;
  const ms = /^\d{1,15}(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - answeredAt(date);
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}

/** When an answer was sent, in ms since the epoch: as its `Date` says it, or now where it has none. */
export function answeredAt(date: string | null | undefined): number {
  return Date.parse(date ?? '') || Date.now();
}
