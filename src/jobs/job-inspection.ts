/**
 * One job as operators see it: how it went on, by whom, and what it has cost. Nothing that a user or a
 * model wrote.
 */
import { parseJson } from '../job/parse-json.ts';
import { FIELDS, type Payload } from '../job/record.ts';
import type { JournalRow, Usage } from '../job/snapshot.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import type { FoundJob } from './job-search.ts';
import type { JobView } from './read-job.ts';

/** A row of a journal without its content. `bytes`: how long the item is as JSON. */
export type RowOutline = Omit<JournalRow, 'value'> & { bytes?: number };

/** Counts of what went wrong with a job's runs. */
export type JobSetbacks = {
  /** How often it was put off at no cost of an attempt. */
  putOffs: number;
  /** How many of its workers were lost. */
  lost: number;
  /** How often a worker that could not run it has given it back. */
  givenBack: number;
  /** How often its user has retried it. */
  retries: number;
};

/** What is known of a job. */
export type JobInspection = {
  found: FoundJob;
  payload: Payload | undefined;
  rows: RowOutline[];
  setbacks: JobSetbacks;
  /** What each call of a vendor has used. */
  calls: Usage[];
  /** The job that came of it. */
  child?: string | undefined;
  /** For how long the lock of its run holds, in ms; absent where it does not run. */
  lockMs?: number | undefined;
};

const RECORD = [FIELDS.putOffs, FIELDS.losses, FIELDS.givenBack, FIELDS.retries, FIELDS.calls, FIELDS.child] as const;

/** Adds to a job that was read what only operators see. */
export async function inspectJob(
  { redis, keys }: Store,
  view: JobView,
  found: FoundJob,
  payload: Payload | undefined,
): Promise<JobInspection> {
  const { id } = view.snapshot;
  const [fields, lockMs] = await Promise.all([
    redis.hmget(keys.job(id), ...RECORD).catch(ifWrongType<(string | null)[]>([])),
    redis.pttl(keys.lock(id)),
  ]);
  const [putOffs, losses, givenBack, retries, calls, child] = fields.map((text) => text ?? undefined);
  const countOf = (text: string | undefined) => Number.parseInt(text ?? '', 10) || 0;
  return {
    found,
    payload,
    rows: view.rows.map(outlineOf),
    setbacks: { putOffs: countOf(putOffs), lost: countOf(losses), givenBack: countOf(givenBack), retries: countOf(retries) },
    calls: callsIn(calls),
    child,
    lockMs: lockMs > 0 ? lockMs : undefined,
  };
}

function outlineOf(row: JournalRow): RowOutline {
  if (row.type !== 'item') return row;
  const { value, ...rest } = row;
  return { ...rest, bytes: new TextEncoder().encode(JSON.stringify(value) ?? '').length };
}

/** What each call has used. Others can write to Redis, too. */
function callsIn(text: string | undefined): Usage[] {
  const entries = parseJson(text ?? '{}');
  if (typeof entries !== 'object' || entries === null) return [];
  return Object.values(entries as Record<string, unknown>).filter((entry): entry is Usage => typeof entry === 'object' && entry !== null);
}
