/** A run's journal: what the worker writes about its job, in one fenced step each. */
import type { Author, JournalRow, Progress, Row } from '../../src/job/snapshot.ts';
import { OwnError } from '../../src/job/own-error.ts';
import { type ProblemCode, ProblemError } from '../../src/job/problem.ts';
import type { Tenant } from '../../src/job/tenant.ts';
import { createJournalMemory, type Written } from './journal-memory.ts';
import { createJournalWriter, type JournalPort } from './journal-writer.ts';
import { FIELDS, parseRow, type RecordFields } from '../../src/job/record.ts';
import { type RunLocks, writeFenced } from './run-locks.ts';
import { createSpending, type Spending } from './spending.ts';
import type { Store } from '../../src/store/store.ts';

/** Somebody else has taken the job over, or it has ended: whatever this run does from now on counts for nothing. */
export class LockLostError extends OwnError {
  override name = 'LockLostError';

  constructor(jobId: string) {
    super(`${jobId} is no longer this run's to write`);
  }
}

/** What earlier runs of a job have left. */
export type History = {
  rows: JournalRow[];
  /** What need not be done again, by name. */
  checkpoint: Record<string, unknown>;
  /** Why the run before was put off, where that has not been said yet. */
  putOffCode?: ProblemCode | undefined;
  /** Who did the work so far, where that is kept. */
  author?: Author | undefined;
  /** Whether the result is kept already: only its completion was lost. */
  finished: boolean;
};

/** Reads and writes for one run of one job. Writes reject with {@link LockLostError} once the run is not the job's any more. */
export type Journal = {
  /**
   * What was there before; to be read before anything is written. `fresh`: BullMQ says that the job was never started.
   * What this process wrote for the job and Redis has lost since is written again first.
   */
  history(fresh: boolean): Promise<History>;
  /**
   * Appends a lasting row, publishes it and resolves with its sequence number. `progress`: how far the job is with it. Rows that are
   * appended within one tick are written in one step, in their order.
   */
  append(row: Row, progress: Progress): Promise<number>;
  /** What the run's calls use. */
  spending: Spending;
  /** Keeps what need not be done again, by name, and who did it: at the end of this tick, or with the end of the job. Nobody is told. */
  saveCheckpoint(checkpoint: Record<string, unknown>, author: Author | undefined): void;
  /**
   * Waits until all rows are written, and resolves with what the step that completes the job has to write: its result and who gave
   * it. Rejects if an earlier write has failed, also one that nobody waited for.
   */
  conclude(result: unknown, author: Author | undefined): Promise<RecordFields>;
  /** Notes when the job can run again, in ms since the epoch: its wait is counted from then. */
  markReady(at: number): Promise<void>;
  /** Rejects if the job is not this run's any more. */
  checkLock(): Promise<void>;
};

/** Whose run a journal is for; `token` is the lock token BullMQ gave to it. */
export type Run = { jobId: string; tenant: Tenant; token: string };

const NOTHING: History = { rows: [], checkpoint: {}, finished: false };

/**
 * How much one journal takes. No job that is asked for in earnest comes near: the longest lesson, each of its characters six bytes of JSON,
 * has 4 MB; one that is retried and put off as often as it may be has 3,000 rows, and one whose provider is away for two days 6,000.
 */
const BOUND: JournalBound = { rows: 10_000, bytes: 16 * 1024 * 1024 };

/** How many rows a journal takes, and how many bytes of them, over all attempts. */
export type JournalBound = { rows: number; bytes: number };

/** What journals are made with beside the store. */
export type JournalOptions = {
  /** Takes a run's lock back if it has only expired; resolves with whether the job is still the run's. Without it, it is not. */
  retake?: RunLocks['retake'];
  /** How much of what was written is remembered, in bytes; see {@link createJournalMemory}. */
  memoryBytes?: number | undefined;
  bound?: JournalBound | undefined;
};

/** Makes the function that opens a journal for a run. */
export function createJournals(
  store: Store,
  { retake = () => Promise.resolve(false), memoryBytes, bound = BOUND }: JournalOptions = {},
): (run: Run) => Journal {
  const script = store.script(new URL('scripts/write_journal.lua', import.meta.url), {
    keys: ['job', 'lock', 'logs', 'events', 'meta'],
    args: ['id', 'token', 'place', 'count', 'maxRows', 'maxBytes'],
  });
  const spending = createSpending(store, (jobId) => new LockLostError(jobId), retake);
  const memory = createJournalMemory(memoryBytes);
  const shared = { ...store.keys.allOf(['events', 'meta']), maxRows: bound.rows, maxBytes: bound.bytes };

  return ({ jobId, tenant, token }) => {
    const touched = { ...shared, job: store.keys.job(jobId), lock: store.keys.lock(jobId), logs: store.keys.logs(jobId), id: jobId, token };
    const lost = () => new LockLostError(jobId);
    const read = () => store.redis.lrange(touched.logs, 0, -1);

    const send: JournalPort['send'] = async (rows, place, fields) => {
      const rest = [...rows, ...Object.entries(fields).flat()];
      const write = async () => Number(await store.retryWhileRefused(() => script({ ...touched, place, count: rows.length }, rest)));
      const code = await writeFenced(
        write,
        (reply) => reply === -1,
        () => retake(jobId, token),
      );
      if (code === -1) throw lost();
      if (code === 1) return 'full';
      return code <= -2 ? { length: -2 - code } : undefined;
    };
    const writer = createJournalWriter(jobId, { send, read, lost, full }, memory);

    return {
      async history(fresh) {
        const remembered = memory.of(jobId);
        if (fresh && !remembered) return NOTHING;
        const [rows, kept] = await Promise.all([read(), store.redis.hmget(touched.job, ...HISTORY_FIELDS)]);
        const fields = Object.fromEntries(
          HISTORY_FIELDS.flatMap((name, index) => (kept[index] ? [[name, kept[index]]] : [])),
        ) as RecordFields;
        const written = remembered ? merge({ rows, fields }, remembered) : { rows, fields };
        const isLoss = written.rows.length > rows.length || HISTORY_FIELDS.some((name) => name in written.fields && !(name in fields));
        await writer.resume(written, isLoss ? rows.length : undefined);
        return toHistory(written);
      },
      append: (row, progress) =>
        writer.append(JSON.stringify(row), {
          progress: JSON.stringify(progress),
          [FIELDS.attempt]: String(row.attempt),
          ...(row.type === 'attempt' && { [FIELDS.putOffCode]: '' }), // said now
        }),
      spending: spending({ jobId, tenant, token }),
      saveCheckpoint: (checkpoint, author) => writer.keep({ [FIELDS.checkpoint]: JSON.stringify(checkpoint), ...authorFields(author) }),
      conclude: (result, author) => writer.last({ [FIELDS.result]: JSON.stringify(result), ...authorFields(author) }),
      markReady: (at) => writer.write({ [FIELDS.ready]: String(at) }),
      checkLock: () => writer.write({}),
    };
  };
}

const HISTORY_FIELDS = [FIELDS.checkpoint, FIELDS.result, FIELDS.putOffCode, FIELDS.provider, FIELDS.model] as const;

/** The error of a run whose journal is full. What is in it is the job's to keep. */
function full(): ProblemError {
  return new ProblemError('journal_full', 'The job has written as much as one job may; what it had finished by then is kept.');
}

/** An author without a model clears that of another one before. */
function authorFields(author: Author | undefined): RecordFields {
  return author ? { [FIELDS.provider]: author.provider, [FIELDS.model]: author.model ?? '' } : {};
}

/**
 * What a job's journal should hold, from what it holds and what this process remembers of it. Where Redis has rows that are
 * not remembered, another process went on with the job, and Redis is right. Where it has only the first of the
 * remembered rows, it has lost the others. Where the rows are the same, fields can still be lost.
 */
function merge(stored: Written, remembered: Written): Written {
  const { rows, fields } = stored;
  if (!rows.every((row, index) => row === remembered.rows[index])) return stored;
  if (rows.length < remembered.rows.length) return remembered;
  const { [FIELDS.putOffCode]: _, ...kept } = remembered.fields;
  return { rows, fields: { ...kept, ...fields } };
}

function toHistory({ rows, fields }: Written): History {
  const { [FIELDS.checkpoint]: checkpoint, [FIELDS.result]: result, [FIELDS.putOffCode]: putOffCode } = fields;
  const { [FIELDS.provider]: provider, [FIELDS.model]: model } = fields;
  return {
    rows: rows.flatMap((row, index) => parseRow(row, index + 1)),
    checkpoint: checkpoint === undefined ? {} : (JSON.parse(checkpoint) as Record<string, unknown>),
    putOffCode: putOffCode ? (putOffCode as ProblemCode) : undefined,
    author: provider ? { provider, ...(model && { model }) } : undefined,
    finished: result !== undefined,
  };
}
