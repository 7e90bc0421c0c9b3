/** An operator's pause, as the users are told of it whose jobs wait for it. */

/** The pause. Times are ms since the epoch; without `until` it lasts until it is resumed. */
export type PausedBy = { reason?: string | undefined; since: number; until?: number | undefined };

/** The pause as JSON of the contract. Which operator has paused is not told. */
export function showPause({ reason, since, until }: PausedBy): { reason?: string | undefined; since: string; until?: string | undefined } {
  return { reason, since: new Date(since).toISOString(), until: until === undefined ? undefined : new Date(until).toISOString() };
}
