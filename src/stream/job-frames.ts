/** A job's events as frames: what followers are sent for a row, a status and an end. */
import type { JournalRow, Snapshot } from '../job/snapshot.ts';
import { encodeFrame } from './sse-encoding.ts';

/** A lasting row, with its sequence number as the cursor. */
export function rowFrame(jobId: string, row: JournalRow): string {
  const { type, seq } = row;
  return encodeFrame({ id: seq, event: type, data: Object.assign({ type, jobId, seq }, row, { jobId }) });
}

/** The truth of now: a hint without an id. `etaSeconds` where it can be estimated. */
export function statusFrame({ id, status, attempt, retryAt, position }: Snapshot, etaSeconds?: number): string {
  return encodeFrame({
    event: 'status',
    data: {
      type: 'status',
      jobId: id,
      status,
      ...(attempt > 0 && { attempt }),
      ...(retryAt !== undefined && { retryAt: new Date(retryAt).toISOString() }),
      ...(position !== undefined && { position }),
      ...(etaSeconds !== undefined && { etaSeconds }),
    },
  });
}

/** What two status frames must differ in for the second to be worth sending. */
export function statusKey({ status, attempt, retryAt }: Snapshot): string {
  return `${status} ${attempt} ${retryAt ?? ''}`;
}

/** Tells the client to drop what it holds: everything comes again. */
export function resetFrame(jobId: string): string {
  return encodeFrame({ event: 'reset', data: { type: 'reset', jobId } });
}

/** The end, after which the client has nothing to come back for. */
export function endFrame(jobId: string, { seq, outcome }: NonNullable<Snapshot['end']>): string {
  const { type, ...rest } = outcome;
  return encodeFrame({ id: seq, event: type, data: { type, jobId, seq, ...rest }, retry: 0 });
}

/** The same among a user's other jobs: without an id, and no reason to stop listening. */
export function userEndFrame(jobId: string, { seq, outcome }: NonNullable<Snapshot['end']>): string {
  const { type, ...rest } = outcome;
  return encodeFrame({ event: type, data: { type, jobId, seq, ...rest } });
}
