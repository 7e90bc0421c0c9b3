/** What a job's record in Redis holds of ours: the payload BullMQ carries, our fields beside its own, the journal's rows. */
import type { JournalRow } from '../jobs/event.ts';
import type { Tenant } from '../jobs/tenant.ts';

/**
 * Fields of ours in BullMQ's job hash: they live and go with the job, in its cluster slot, and need no
 * clean-up. The prefix keeps them apart from BullMQ's, which ignores what it does not know.
 */
export const FIELDS = {
  /** The sequence number of the job's end, fixed by the first who sees that it has ended. */
  end: 'ai:end',
  /** The result, as JSON; written before the job completes. */
  result: 'ai:result',
  /** What all attempts together have used, as JSON. */
  usage: 'ai:usage',
  /** What the worker has finished and need not do again, as JSON. */
  checkpoint: 'ai:checkpoint',
  /** When it was cancelled, in ms since the epoch. */
  cancelled: 'ai:cancelled',
  /** Which attempt wrote last. */
  attempt: 'ai:attempt',
  /** Why the run before was put off, until the next one has said so. */
  why: 'ai:why',
  /** How often it was put off since it was submitted or retried. */
  putOffs: 'ai:putoffs',
  /** How often it was begun since its worker was first lost, and did not come back of its own accord. */
  begun: 'ai:begun',
  /** Who did the work. */
  provider: 'ai:provider',
} as const;

/** The data of a BullMQ job. */
export type Payload = {
  /** The user it belongs to, where the submission named one. */
  owner?: string | undefined;
  /** Whose limits it counts for. */
  tenant: Tenant;
  /** The submitting request, so that logs of both processes can be joined. */
  requestId: string;
  /** The kind's validated input. */
  input: unknown;
};

/** Reads a payload that {@link Payload} describes and our own submit wrote. */
export function readPayload(data: string | null): Payload {
  return JSON.parse(data ?? '{}') as Payload;
}

/** Reads a journal row; its place gives the number. What is no row of ours is nobody's event: its number stays unused. */
export function parseRow(text: string, seq: number): JournalRow[] {
  try {
    const row: unknown = { ...JSON.parse(text), seq };
    return isNumberedRow(row) ? [row] : [];
  } catch {
    return [];
  }
}

const ROW_TYPES: ReadonlySet<unknown> = new Set<JournalRow['type']>(['progress', 'item', 'attempt']);

/** Whether something is a row of ours with its number: others can write to Redis, too. */
export function isNumberedRow(row: unknown): row is JournalRow {
  return (
    typeof row === 'object' && row !== null && 'type' in row && ROW_TYPES.has(row.type) && 'seq' in row && Number.isSafeInteger(row.seq)
  );
}
