/**
 * Rows of the table `jobs`, as supabase/migrations make it: from a job, and back to one. Others can
 * write to the table, too.
 */
import { z } from 'zod';
import type { ArchivedJob } from '../archive/archive.ts';
import type { FileName } from '../files/store.ts';
import { parseReason, toProblem } from '../job/problem.ts';
import type { Outcome, Snapshot } from '../job/snapshot.ts';
import { tenantOf } from '../job/tenant.ts';

/** The columns that a list needs, and all columns of a job. */
export const LISTED =
  'id,user_id,kind,status,error,usage,provider,model,attempt,max_attempts,progress,leads_to,end_seq,created_at,started_at,cancel_requested_at,finished_at';
export const WHOLE = `${LISTED},result,files`;

const time = z.string().transform((text) => Date.parse(text));
const usage = z.looseObject({ inputTokens: z.number(), outputTokens: z.number() });

/**
 * A row as PostgREST returns it. What it has beside the columns that are asked for does not matter.
 */
export const rowSchema = z.object({
  id: z.string(),
  user_id: z.string(),
  kind: z.string(),
  status: z.enum(['completed', 'failed', 'cancelled']),
  result: z.unknown().optional(),
  error: z.object({ code: z.string(), detail: z.string() }).nullable(),
  usage: usage.nullable().catch(null),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  attempt: z.number(),
  max_attempts: z.number(),
  progress: z.object({ percent: z.number(), stage: z.string(), items: z.number() }).nullable().catch(null),
  leads_to: z.string().nullable(),
  end_seq: z.number().int().min(1),
  files: z
    .array(z.object({ name: z.templateLiteral(['out:', z.string()]), type: z.string(), bytes: z.number(), digest: z.string() }))
    .default([]),
  created_at: time,
  started_at: time.nullable(),
  cancel_requested_at: time.nullable(),
  finished_at: time,
});

type Row = z.output<typeof rowSchema>;

/** Makes the row of a job. Every column is named, so that rows of one statement have the same. */
export function toRow({ snapshot, files }: ArchivedJob) {
  const { id, owner, kind, status, attempt, maxAttempts, progress, provider, model, next, end } = snapshot;
  const outcome = end?.outcome;
  return storable({
    id,
    user_id: owner,
    kind,
    status,
    result: outcome?.type === 'completed' ? outcome.result : null,
    error: outcome?.type === 'failed' ? outcome.error : null,
    usage: outcome?.usage ?? null,
    cost_usd: outcome?.usage?.costUsd ?? null,
    provider: provider ?? null,
    model: model ?? null,
    attempt,
    max_attempts: maxAttempts,
    progress: progress ?? null,
    leads_to: next ?? null,
    end_seq: end?.seq ?? 1,
    files,
    created_at: date(snapshot.createdAt),
    started_at: date(snapshot.startedAt),
    cancel_requested_at: date(snapshot.cancelRequestedAt),
    finished_at: date(snapshot.finishedAt ?? snapshot.createdAt),
  });
}

/** Reads a row. */
export function toArchivedJob(row: Row): ArchivedJob {
  const { id, user_id: owner, kind, status, files } = row;
  const snapshot: Snapshot = {
    id,
    kind,
    owner,
    tenant: tenantOf(owner, undefined),
    next: row.leads_to ?? undefined,
    status,
    attempt: row.attempt,
    maxAttempts: row.max_attempts,
    progress: row.progress ?? undefined,
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    cancelRequestedAt: row.cancel_requested_at ?? undefined,
    finishedAt: row.finished_at,
    provider: row.provider ?? undefined,
    model: row.model ?? undefined,
    end: { seq: row.end_seq, outcome: outcomeOf(row) },
    length: row.end_seq - 1,
  };
  return { snapshot, files: files.map((file) => ({ ...file, name: file.name as FileName })) };
}

function outcomeOf({ status, result, error, usage: used }: Row): Outcome {
  const rest = { usage: used ?? undefined };
  switch (status) {
    case 'completed':
      return { type: 'completed', result: result ?? null, ...rest };
    case 'failed':
      return { type: 'failed', error: error ? parseReason(`${error.code}: ${error.detail}`) : toProblem('internal_error', ''), ...rest };
    case 'cancelled':
      return { type: 'cancelled', ...rest };
  }
}

function date(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

/** Replaces what PostgreSQL can't store: NUL in a text, and half of a surrogate pair in JSON. */
function storable<T>(value: T): T {
  return mend(value) as T;
}

function mend(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\ufffd');
  if (Array.isArray(value)) return value.map(mend);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [mend(key), mend(entry)]));
}
