/** Makes the frames of a job's events: row, status, reset and end. */
import { showPause } from '../job/paused-by.ts';
import type { JournalRow, Outcome, Snapshot } from '../job/snapshot.ts';
import { encodeFrame } from './sse-encoding.ts';

/** The frame of a row. Its sequence number is the id. */
export function rowFrame(jobId: string, row: JournalRow): string {
  const { type, seq } = row;
  return encodeFrame({ id: seq, event: type, data: Object.assign({ type, jobId, seq }, row, { jobId }) });
}

/**
 * The frame of the present status. It has no id, because it is not in the journal. `etaSeconds`: in
 * s from now, if it can be estimated.
 */
export function statusFrame({ id, status, attempt, retryAt, position, paused }: Snapshot, etaSeconds?: number): string {
  return encodeFrame({
    event: 'status',
    data: {
      type: 'status',
      jobId: id,
      status,
      ...(attempt > 0 && { attempt }),
      ...(retryAt !== undefined && { retryAt: new Date(retryAt).toISOString() }),
      ...(position !== undefined && { position }),
      ...(paused && { paused: showPause(paused) }),
      ...(etaSeconds !== undefined && { etaSeconds }),
    },
  });
}

/**
 * The frame after which a follower has all that it had missed. What comes after it is new. It has
 * no id.
 */
export function liveFrame(jobId: string): string {
  return encodeFrame({ event: 'live', data: { type: 'live', jobId } });
}

/** A key of a status. A status is sent again only if its key has changed. */
export function statusKey({ status, attempt, retryAt, paused }: Snapshot): string {
  return `${status} ${attempt} ${retryAt ?? ''}${paused ? ` ${JSON.stringify(paused)}` : ''}`;
}

/** The frame on which a client drops all events of the job, because everything is sent again. */
export function resetFrame(jobId: string): string {
  return encodeFrame({ event: 'reset', data: { type: 'reset', jobId } });
}

/**
 * The frame of a job's end. With `retry: 0` an EventSource reconnects at once; it gets a 204 and
 * stops.
 */
export function endFrame(jobId: string, { seq, outcome }: NonNullable<Snapshot['end']>): string {
  return encodeFrame({ id: seq, event: outcome.type, data: { type: outcome.type, jobId, seq, ...fieldsOf(outcome) }, retry: 0 });
}

/**
 * The frame of a job's end in a user's stream. It has no id and no `retry`, because the stream goes
 * on with other jobs.
 */
export function userEndFrame(jobId: string, { seq, outcome }: NonNullable<Snapshot['end']>): string {
  return encodeFrame({ event: outcome.type, data: { type: outcome.type, jobId, seq, ...fieldsOf(outcome) } });
}

/**
 * The fields of an outcome that are in the frame of an end. A cancelled job has none: its run may
 * still be billed, and the status has the usage when it is known.
 */
function fieldsOf({ type, ...rest }: Outcome): Omit<Outcome, 'type'> {
  return type === 'cancelled' ? {} : rest;
}
