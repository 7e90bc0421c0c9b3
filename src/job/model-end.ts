/** Announced ends of models: which model answers until which day. */

/** A model whose vendor has announced its end. `date`: the last day, YYYY-MM-DD. */
export type ModelEnd = { model: string; date: string };

/** From when before its end a model is warned of, in days. */
const WARNED_DAYS = 60;

const DAY_MS = 86_400_000;

/** The ends that are near or past, the earliest first. `now`: in ms since 1970. */
export function nearEnds(ends: readonly ModelEnd[], now: number): ModelEnd[] {
  const last = new Date(now + WARNED_DAYS * DAY_MS).toISOString().slice(0, 10);
  return ends.filter(({ date }) => date <= last).toSorted((one, other) => (one.date < other.date ? -1 : 1));
}
