/** A clock that all processes of a machine share. */

/** The system's monotonic clock, in ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
