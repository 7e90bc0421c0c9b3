/**
 * From the fields of a job's record to a snapshot. Others can write to
 * Redis, too: a field that can't be read is as if it were not there.
 */
import type { Outcome, Progress, Snapshot, Usage } from '../job/snapshot.ts';
import { parseReason, toProblem } from '../job/problem.ts';
import { tenantOf } from '../job/tenant.ts';
import { parseJson } from '../job/parse-json.ts';
import { FIELDS, readPayload } from '../job/record.ts';

/** Fields that every reader of a job needs; none of them grows with the job's input or result. */
export const SHOWN = [
  'name',
  'timestamp',
  'processedOn',
  'finishedOn',
  'ats',
  'failedReason',
  'progress',
  FIELDS.usage,
  FIELDS.attempt,
  FIELDS.cancelled,
  FIELDS.provider,
  FIELDS.model,
] as const;

/**
 * The fields of a record, as HMGET has read them; the beginning
 * of `data`, and the result, only where they were wanted.
 */
export type ReadFields = { [Name in (typeof SHOWN)[number]]: string | null } & {
  data?: string | null;
  result?: string | null;
  /** How often the job may be tried, from its options. */
  attempts: unknown;
};

/**
 * Where a job is: BullMQ's state, when it is due if it is delayed
 * (BullMQ's score), its position in the queue (0 for none).
 */
export type QueuePlace = { state: string; at: string; position: number; cancelAt: string };

/**
 * Makes a snapshot. `length`: how many rows the journal holds.
 * `retentionS`: how long ended jobs are kept, in s.
 */
export function toSnapshot(id: string, place: QueuePlace, length: number, fields: ReadFields, retentionS: number): Snapshot {
  const { state } = place;
  const { owner, tenant, next, tells: notifies, reserved, ignored, traceparent } = readPayload(fields.data ?? '');
  const finishedAt = readTime(fields.finishedOn);
  const outcome = readOutcome(state, fields);
  const cancelAt = readTime(place.cancelAt === '' ? null : place.cancelAt);
  return {
    id,
    kind: fields.name ?? kindOf(id),
    owner,
    tenant: tenant ?? tenantOf(owner, undefined),
    next,
    notifies,
    reserved,
    ignored: ignored?.split('\n'),
    traceparent,
    status: outcome?.type ?? (state === 'active' ? 'active' : 'waiting'),
    // As its run has written it: a pickup may also be no attempt,
    // but the end of a job that lost its workers too often.
    attempt: readCount(fields[FIELDS.attempt]) ?? Math.min(readCount(fields.ats) ?? 0, 1),
    maxAttempts: readCount(fields.attempts) ?? 1,
    progress: readProgress(fields.progress),
    position: place.position > 0 ? place.position : undefined,
    retryAt: state === 'delayed' ? readTime(String(Math.floor(Number(place.at) / 0x1000))) : undefined, // BullMQ keeps a counter in the low 12 bits
    createdAt: readTime(fields.timestamp) ?? 0,
    cancelAt: outcome ? undefined : cancelAt,
    cancelRequestedAt: readTime(fields[FIELDS.cancelled]),
    startedAt: readTime(fields.processedOn),
    finishedAt,
    expiresAt: finishedAt === undefined ? undefined : finishedAt + retentionS * 1000,
    provider: fields[FIELDS.provider] ?? undefined,
    model: fields[FIELDS.model] || undefined,
    end: outcome && { seq: length + 1, outcome },
    length,
  };
}

/** The kind that an id begins with: what there is to say of a record that has lost its name. */
export function kindOf(id: string): string {
  return id.slice(0, -ID_TAIL);
}

/** A dash and 32 characters that end every id. */
const ID_TAIL = 33;

function readOutcome(state: string, fields: ReadFields): Outcome | undefined {
  const usage = readUsage(fields[FIELDS.usage]);
  if (state === 'completed') return readResult(fields.result, usage);
  if (state !== 'failed') return undefined;
  const error = parseReason(fields.failedReason ?? '');
  return error.code === 'cancelled' ? { type: 'cancelled', usage } : { type: 'failed', error, usage };
}

function readResult(text: string | null | undefined, usage: Usage | undefined): Outcome {
  const result = parseJson(text ?? 'null');
  if (result !== undefined) return { type: 'completed', result, usage };
  return { type: 'failed', error: toProblem('internal_error', 'The result of this job can not be read any more.'), usage };
}

/** BullMQ's progress field holds our summary, or its own 0 before the first row. */
function readProgress(text: string | null): Progress | undefined {
  const value = parseJson(text ?? '0') as Partial<Progress> | null | undefined;
  const readable =
    typeof value === 'object' && typeof value?.stage === 'string' && Number.isFinite(value.percent) && Number.isFinite(value.items);
  return readable ? (value as Progress) : undefined;
}

function readUsage(text: string | null): Usage | undefined {
  const value = parseJson(text ?? 'null') as Partial<Usage> | null | undefined;
  const readable = typeof value === 'object' && Number.isFinite(value?.inputTokens) && Number.isFinite(value?.outputTokens);
  return readable ? (value as Usage) : undefined;
}

/** A whole number from 0 on. */
function readCount(value: unknown): number | undefined {
  const count = typeof value === 'string' ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

/**
 * The last moment that a Date can hold, in ms since the epoch,
 * less a century for what is reckoned from it.
 */
const LAST_MS = 8.64e15 - 3.2e12;

/** A moment in ms since the epoch that can be written as a date. */
function readTime(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const ms = Number(text);
  return ms >= 0 && ms <= LAST_MS ? ms : undefined;
}
