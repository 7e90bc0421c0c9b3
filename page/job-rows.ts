/** The rows of the list of jobs: what each says, in which order they stand, and which a filter shows. */
import type { AnyJobObject } from '../client/src/shapes.ts';

/** A job in the list. It has no text of what the job has made, nor of what it was made of. */
export type JobRow = {
  jobId: string;
  kind: string;
  status: string;
  /** When it was submitted (RFC 3339). */
  createdAt: string;
  streamUrl: string;
  /** How many pieces it has made. */
  pieces: number;
  percent: number;
};

/** What is shown: of one kind, in one state; undefined for all. */
export type Filter = { kind?: string | undefined; status?: string | undefined };

/** The states of jobs, in the order in which a job has them. */
export const STATES = ['waiting', 'active', 'completed', 'failed', 'cancelled'] as const;

/** Whether a job of this state may still make something. */
export const isUnfinished = (status: string): boolean => status === 'waiting' || status === 'active' || status === 'queued';

/** The row of a job as the server shows it. */
export function rowOf({ jobId, kind, status, createdAt, streamUrl, progress }: AnyJobObject): JobRow {
  const isNew = status === 'queued';
  return {
    jobId,
    kind,
    status: isNew ? 'waiting' : status,
    createdAt,
    streamUrl,
    pieces: progress?.items ?? 0,
    percent: progress?.percent ?? 0,
  };
}

/** The rows that a filter shows, newest first. */
export function shownRows(rows: Iterable<JobRow>, { kind, status }: Filter): JobRow[] {
  const shown = [...rows].filter((row) => (kind === undefined || row.kind === kind) && (status === undefined || row.status === status));
  return shown.toSorted((one, other) => compare(other.createdAt, one.createdAt) || compare(one.jobId, other.jobId));
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** How many rows there are of each value of a field. */
export function countsOf(rows: Iterable<JobRow>, field: 'kind' | 'status'): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row[field], (counts.get(row[field]) ?? 0) + 1);
  return counts;
}
