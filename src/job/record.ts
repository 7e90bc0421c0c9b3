/**
 * What a job's record in Redis holds of ours: the payload BullMQ
 * carries, our fields beside its own, the journal's rows.
 */
import { parseJson } from './parse-json.ts';
import { isJobId } from './id.ts';
import type { JournalRow, Notifies } from './snapshot.ts';
import type { Tenant } from './tenant.ts';
import { readTraceParent, type TraceParent } from './trace-parent.ts';

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
  /**
   * The same for each call, as JSON by the calls' ids. When the
   * job ends, its calls are settled from this.
   */
  calls: 'ai:calls',
  /** Of a cancelled job: that its end is being archived, or was, and that no call was billed since. */
  archived: 'ai:archived',
  /** What the worker has finished and need not do again, as JSON. */
  checkpoint: 'ai:checkpoint',
  /** When it was cancelled, in ms since the epoch. */
  cancelled: 'ai:cancelled',
  /** Which attempt wrote last. */
  attempt: 'ai:attempt',
  /** Why the run before was put off, until the next one has said so. */
  putOffCode: 'ai:why',
  /** How often it was put off since it was submitted or retried. */
  putOffs: 'ai:putoffs',
  /** How many runs were begun since its worker was first lost and have not come back. */
  startsAfterLoss: 'ai:begun',
  /**
   * What was seen of its lost workers: how many, how many items it had at the last of them,
   * and how many do not count because it had got on, with spaces between.
   */
  losses: 'ai:losses',
  /** How often a worker that could not run it has given it back. */
  givenBack: 'ai:givenback',
  /** How often its user has retried it. */
  retries: 'ai:retries',
  /** How many bytes of rows were written to its journal. */
  journalBytes: 'ai:bytes',
  /**
   * Where the events of its rows are in BullMQ's stream, so that erasing finds them:
   * of each step that wrote rows the ms since the job's timestamp, the first number
   * within that ms, and how many there are, with dots between and a space behind.
   */
  events: 'ai:events',
  /**
   * When it could begin its next run, in ms since the epoch:
   * when it was retried or handed back, or is due after a pause.
   */
  ready: 'ai:ready',
  /** Who did the work. */
  provider: 'ai:provider',
  /** Which of its models did. */
  model: 'ai:model',
  /**
   * Of a failed job: whom its last attempt had asked, the provider and perhaps its model, with a space
   * between.
   */
  failedBy: 'ai:failedby',
  /** The job that came of it, from the moment that job was added. It stays when that job is gone. */
  child: 'ai:child',
} as const;

/** Values for fields of the record that we write. */
export type RecordFields = Partial<Record<(typeof FIELDS)[keyof typeof FIELDS] | 'progress', string>>;

/**
 * Where a job's end is notified of: a URL that is sent a webhook, and the token of a phone that gets
 * a push notification. `response`: webhooks have OpenAI's form, and the user's endpoints get them,
 * too, if it says `endpoints`.
 */
export type Targets = {
  callbackUrl?: string | undefined;
  pushToken?: string | undefined;
  response?: 'url' | 'endpoints' | undefined;
};

/** Who is notified, given where. */
export function notifiesOf({ callbackUrl, pushToken, response }: Targets = {}): Notifies | undefined {
  const calls = callbackUrl !== undefined || response === 'endpoints';
  if (calls && pushToken !== undefined) return 'both';
  if (calls) return 'webhook';
  return pushToken === undefined ? undefined : 'push';
}

/** Where the end of a job is notified of that another one leads to. Of a Response only its own end is. */
export function targetsOfChild(targets: Targets | undefined): Targets | undefined {
  return targets?.response === undefined ? targets : undefined;
}

/** The data of a BullMQ job. */
export type Payload = {
  /** The user it belongs to, where the submission named one. */
  owner?: string | undefined;
  /** Whose limits it counts for. */
  tenant: Tenant;
  /** The kind of the job that it leads to. */
  next?: string | undefined;
  /**
   * Who is notified of its end, for readers of the payload's beginning alone: `notifies` of a
   * snapshot. Stored payloads have this name.
   */
  tells?: Notifies | undefined;
  /**
   * What was reserved of its tenant's budgets when it was
   * submitted, as a retry reserves it again (reservation.ts).
   */
  reserved?: string | undefined;
  /** The fields of its submission that its kind does not know, a name a line. */
  ignored?: string | undefined;
  /** The span of its submission, which the spans of its runs and notifications are part of. */
  traceparent?: TraceParent | undefined;
  targets?: Targets | undefined;
  /** The job that it comes of. */
  parent?: string | undefined;
  /** The submitting request, so that logs of both processes can be joined. */
  requestId: string;
  /** The version of the input, and of the input of the job that it leads to. Absent: 1. */
  v?: number | undefined;
  nextV?: number | undefined;
  /** The kind's validated input. */
  input: unknown;
  /** What another protocol shows of its own request: it is no part of the input. */
  echo?: unknown;
};

/**
 * What a payload begins with, as far as it is there: an owner, the tenant, the kind that follows,
 * who is notified, what is reserved, names that were ignored, and a trace. Each is a JSON string.
 */
const PAYLOAD_HEAD =
  /^\{(?:"owner":("(?:[^"\\]|\\.)*"))?(?:,?"tenant":("(?:[^"\\]|\\.)*"))?(?:,"next":("[a-z-]*"))?(?:,"tells":("[a-z]*"))?(?:,"reserved":("[\d ]*"))?(?:,"ignored":("(?:[^"\\]|\\.)*"))?(?:,"traceparent":("[\da-f-]*"))?/;

type HeadField = 'owner' | 'tenant' | 'next' | 'tells' | 'reserved' | 'ignored' | 'traceparent';

const TELLS: ReadonlySet<unknown> = new Set<Notifies>(['webhook', 'push', 'both']);

/**
 * Whose a job is, what it leads to, who is notified of its end, what is
 * reserved for it, which names were ignored and its trace, from the beginning of its
 * payload. What stands behind that is not looked at, and may be missing.
 */
export function readPayload(data: string): Partial<Pick<Payload, HeadField>> {
  const [, ...texts] = PAYLOAD_HEAD.exec(data) ?? [];
  const [owner, tenant, next, tells, reserved, ignored, trace] = texts.map((text) => (text === undefined ? undefined : parseJson(text)));
  const traceparent = typeof trace === 'string' ? readTraceParent(trace) : undefined;
  return {
    ...(typeof owner === 'string' && { owner }),
    ...(typeof tenant === 'string' && { tenant: tenant as Tenant }),
    ...(typeof next === 'string' && { next }),
    ...(TELLS.has(tells) && { tells: tells as Notifies }),
    ...(typeof reserved === 'string' && { reserved }),
    ...(typeof ignored === 'string' && { ignored }),
    ...(traceparent !== undefined && { traceparent }),
  };
}

/**
 * Reads a journal row; its place gives the number. What is no
 * row of ours is nobody's event: its number stays unused.
 */
export function parseRow(text: string, seq: number): JournalRow[] {
  const value = parseJson(text);
  const row: unknown = typeof value === 'object' ? { ...value, seq } : undefined;
  return isNumberedRow(row) ? [row] : [];
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isText = (value: unknown): boolean => typeof value === 'string';
const isPercent = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 100;

/** What a row's fields must be where they are there. */
const ROW_FIELDS = Object.entries({
  attempt: isCount,
  percent: isPercent,
  stage: isText,
  list: isText,
  index: isCount,
  itemsKept: isCount,
  code: isText,
  child: isChild,
});

/** Addresses with tokens are made for what stands here, so it must be a job's id. */
function isChild(value: unknown): boolean {
  const jobId = typeof value === 'object' && value !== null && 'jobId' in value ? value.jobId : undefined;
  return typeof jobId === 'string' && isJobId(jobId);
}

const ROW_TYPES: ReadonlySet<unknown> = new Set<JournalRow['type']>(['progress', 'item', 'child', 'attempt']);

/** Whether something is a row of ours with its number: others can write to Redis, too. */
export function isNumberedRow(row: unknown): row is JournalRow {
  if (typeof row !== 'object' || row === null) return false;
  const fields = row as Record<string, unknown>;
  if (!ROW_TYPES.has(fields['type']) || !isCount(fields['seq'])) return false;
  if (fields['type'] === 'child' && fields['child'] === undefined) return false;
  return ROW_FIELDS.every(([name, fits]) => fields[name] === undefined || fits(fields[name]));
}
