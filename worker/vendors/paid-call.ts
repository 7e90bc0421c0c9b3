/** One call that is paid for: it is noted before it is made, and settled whatever ends it. */
import type { DetailedUsage } from '../../src/job/price.ts';
import type { Author } from '../../src/job/snapshot.ts';
import type { Report } from '../capabilities.ts';

/**
 * Who is called, and what the call uses at least. `ifAborted`: what it counts for if it is aborted
 * before the vendor has answered; `expected` if it is absent.
 */
type Terms = { report: Report; signal: AbortSignal; author: Author; expected: DetailedUsage; ifAborted?: DetailedUsage };

/**
 * Makes the call. `work` says by `bill` what the vendor bills, as soon as that is known; what is
 * never billed is not counted.
 */
export async function paidCall<T>(
  { report, signal, author, expected, ifAborted = expected }: Terms,
  work: (bill: (used: DetailedUsage | undefined) => void) => Promise<T>,
): Promise<T> {
  const call = await report.startCall(expected, author);
  let used: DetailedUsage | undefined;
  try {
    return await work((billed) => (used = billed));
  } finally {
    await call.settle(used ?? (signal.aborted ? ifAborted : undefined));
  }
}
