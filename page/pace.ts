/** When a running job will have ended, from how fast it has come on while the page watched. */

/** How far a job was at a time. `atMs`: of a clock that only goes forward. */
export type Sample = { atMs: number; percent: number };

/** Less than so much progress says nothing of the speed, in percent. */
const ENOUGH = 8;

/** In how many s a job will have ended; undefined while that can't be told. `first`: the first that was seen of this run. */
export function secondsLeft(first: Sample, now: Sample): number | undefined {
  const done = now.percent - first.percent;
  if (done < ENOUGH || now.percent >= 100) return undefined;
  return Math.max(1, Math.round((((now.atMs - first.atMs) / done) * (100 - now.percent)) / 1000));
}
