/** Calls a capability without a worker: what it reports is kept. */
import type { Author, Usage } from '../../src/job/snapshot.ts';
import type { Report } from '../../worker/capabilities.ts';

/** What a capability has reported: for each call its author, what was expected and what it came to; undefined if it used nothing. */
export type Reported = { author: Author; expected: Usage; used: Usage | undefined; settled: boolean }[];

/** Makes a report that keeps everything. */
export function keepReport(): { report: Report; calls: Reported } {
  const calls: Reported = [];
  const report: Report = {
    async startCall(expected, author) {
      const call: Reported[number] = { author, expected, used: undefined, settled: false };
      calls.push(call);
      return {
        note(used) {
          call.used = used;
        },
        async settle(used) {
          if (!call.settled) Object.assign(call, { used, settled: true });
        },
      };
    },
    begun() {},
    alive() {},
  };
  return { report, calls };
}

/** A signal that does not abort. */
export const calm: AbortSignal = new AbortController().signal;
