/** What the routes report of requests, for those who count them. */

/** Takes what happens. None of its methods throws. */
export type RequestEvents = {
  /** A request was answered. `route`: the pattern of its path, never the path. `ms`: how long it took. */
  answered(method: string, route: string, status: number, ms: number): void;
  /** A submission came to this: a job's origin, or the code of the refusal. */
  submitted(kind: string, outcome: string): void;
};
