/** What is sent to the archive in one statement. */
import type { ArchivedJob } from './archive.ts';
import type { Claim } from '../ends/outbox.ts';

/** A claim with what is to be written of it, and about how much that is, in bytes of JSON. */
export type Parcel = { claim: Claim; job: ArchivedJob; bytes: number };

/** The most that is sent at once, in bytes of JSON, unless one job has more. */
const BATCH_BYTES = 1_000_000;

/** Parts parcels so that none has more than BATCH_BYTES, unless it is a single one. */
export function batchesOf(parcels: readonly Parcel[]): Parcel[][] {
  const batches: Parcel[][] = [];
  let room = 0;
  for (const parcel of parcels) {
    if (parcel.bytes > room || batches.length === 0) {
      batches.push([]);
      room = BATCH_BYTES;
    }
    batches.at(-1)?.push(parcel);
    room -= parcel.bytes;
  }
  return batches;
}
