/** A run's journal: what the worker writes about its job, in one fenced step each. */
import type { Author, JournalRow, Progress, Row } from '../../src/job/snapshot.ts';
import { EVENTS_KEPT } from '../../src/jobs/open-queue.ts';
import { OwnError } from '../../src/job/own-error.ts';
import { type ProblemCode, ProblemError } from '../../src/job/problem.ts';
import { type JournalContent, JournalMemory } from './journal-memory.ts';
import { type JournalPort, JournalWriter } from './journal-writer.ts';
import { FIELDS, parseRow, type RecordFields } from '../../src/job/record.ts';
import { type RunLocks, writeFenced } from './run-locks.ts';
import type { RunRef } from './task.ts';
import { createSpending, type Spending } from './spending.ts';
import type { Store } from '../../src/store/store.ts';

/**
 * Somebody else has taken the job over, or it has ended:
 * whatever this run does from now on counts for nothing.
 */
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

const NOTHING: History = { rows: [], checkpoint: {}, finished: false };

/**
 * How much one journal takes. No job that is asked for in earnest comes near: the longest
 * lesson, each of its characters six bytes of JSON, has 4 MB; one that is retried and put off
 * as often as it may be has 3,000 rows, and one whose provider is away for two days 6,000.
 */
const BOUND: JournalBound = { rows: 10_000, bytes: 16 * 1024 * 1024 };

/** How many rows a journal takes, and how many bytes of them, over all attempts. */
export type JournalBound = { rows: number; bytes: number };

/** What journals are made with beside the store. */
export type JournalOptions = {
  /** Take a run's lock back if it has only expired. Without them, the job is not the run's any more. */
  locks?: Pick<RunLocks, 'retake'>;
  /** How much of what was written is remembered, in bytes; see {@link JournalMemory}. */
  memoryBytes?: number | undefined;
  bound?: JournalBound | undefined;
};

/**
 * Makes the function that opens the journal of a run. What all
 * journals of the process have written is remembered for a while.
 */
export function createJournals(store: Store, { locks, memoryBytes, bound = BOUND }: JournalOptions = {}): (run: RunRef) => Journal {
  const { redis, keys } = store;
  const script = store.script(new URL('scripts/write_journal.lua', import.meta.url), {
    keys: ['job', 'lock', 'logs', 'events'],
    args: ['id', 'token', 'place', 'count', 'maxRows', 'maxBytes', 'kept'],
  });
  const retake: RunLocks['retake'] = async (id, token) => locks?.retake(id, token) ?? false;
  const openSpending = createSpending(store, (jobId) => new LockLostError(jobId), retake);
  const memory = new JournalMemory(memoryBytes);
  const shared = { events: keys.of('events'), maxRows: bound.rows, maxBytes: bound.bytes, kept: EVENTS_KEPT };

  return (run) => {
    const { id, token } = run;
    const touched = { ...shared, job: keys.job(id), lock: keys.lock(id), logs: keys.logs(id), id, token };
    const lost = () => new LockLostError(id);

    const send: JournalPort['send'] = async (rows, place, fields) => {
      const rest = [...rows, ...Object.entries(fields).flat()];
      const code = await writeFenced(
        async () => Number(await store.retryWhileRefused(() => script({ ...touched, place, count: rows.length }, rest))),
        (reply) => reply === -1,
        () => retake(id, token),
      );
      if (code === -1) throw lost();
      if (code === 1) return 'full';
      return code <= -2 ? { length: -2 - code } : undefined;
    };
    const port = { send, read: () => redis.lrange(touched.logs, 0, -1), lost, full };
    const readFields = () => redis.hmget(touched.job, ...HISTORY_FIELDS);
    const readEnd = () => redis.hmget(touched.job, 'name', 'finishedOn');
    return new Journal(id, { port, readFields, readEnd, memory, spending: openSpending(run) });
  };
}

/** What one journal is made of. */
type JournalParts = {
  port: JournalPort;
  readFields: () => Promise<(string | null)[]>;
  /** Its name, which every job has, and when it ended. */
  readEnd: () => Promise<(string | null)[]>;
  memory: JournalMemory;
  spending: Spending;
};

/**
 * Reads and writes for one run of one job. Writes reject with
 * {@link LockLostError} once the run is not the job's any more.
 */
export class Journal {
  /** What the run's calls use. */
  readonly spending: Spending;
  readonly #jobId: string;
  readonly #parts: JournalParts;
  readonly #writer: JournalWriter;

  constructor(jobId: string, parts: JournalParts) {
    this.spending = parts.spending;
    this.#jobId = jobId;
    this.#parts = parts;
    this.#writer = new JournalWriter(jobId, parts.port, parts.memory);
  }

  /**
   * What was there before; to be read before anything is written. `fresh`: BullMQ says that the job was
   * never started. What this process wrote for the job and Redis has lost since is written again first.
   */
  async history(fresh: boolean): Promise<History> {
    const remembered = this.#parts.memory.of(this.#jobId);
    if (fresh && !remembered) return NOTHING;
    const [rows, kept] = await Promise.all([this.#parts.port.read(), this.#parts.readFields()]);
    const fields = Object.fromEntries(HISTORY_FIELDS.flatMap((name, index) => (kept[index] ? [[name, kept[index]]] : []))) as RecordFields;
    const written = remembered ? merge({ rows, fields }, remembered) : { rows, fields };
    const isLoss = written.rows.length > rows.length || HISTORY_FIELDS.some((name) => name in written.fields && !(name in fields));
    await this.#writer.resume(written, isLoss ? rows.length : undefined);
    return toHistory(written);
  }

  /**
   * Appends a lasting row, publishes it and resolves with its sequence number. `progress`: how far the
   * job is with it. Rows that are appended within one tick are written in one step, in their order.
   */
  append(row: Row, progress: Progress): Promise<number> {
    return this.#writer.append(JSON.stringify(row), fieldsWith(row, progress));
  }

  /**
   * Appends a row and waits only while an earlier step is on its way: what comes within one
   * turn of the event loop is written in one step. Rejects if an earlier write has failed.
   */
  push(row: Row, progress: Progress): Promise<void> {
    return this.#writer.push(JSON.stringify(row), fieldsWith(row, progress));
  }

  /**
   * Keeps what need not be done again, by name, and who did it:
   * at the end of this tick, or with the end of the job.
   */
  saveCheckpoint(checkpoint: Record<string, unknown>, author: Author | undefined): void {
    this.#writer.keep({ [FIELDS.checkpoint]: JSON.stringify(checkpoint), ...authorFields(author) });
  }

  /**
   * Waits until all rows are written, and resolves with what the step that
   * completes the job has to write: its result and who gave it. Rejects if
   * an earlier write has failed, also one that nobody waited for.
   */
  conclude(result: unknown, author: Author | undefined): Promise<RecordFields> {
    return this.#writer.last({ [FIELDS.result]: JSON.stringify(result), ...authorFields(author) });
  }

  /** All rows that are written by now, as they are stored. */
  get rows(): readonly string[] {
    return this.#writer.rows;
  }

  /** Notes when the job can run again, in ms since the epoch: its wait is counted from then. */
  markReady(at: number): Promise<void> {
    return this.#writer.write({ [FIELDS.ready]: String(at) });
  }

  /** Whether the job has ended, or is gone. */
  async isOver(): Promise<boolean> {
    const [name, finishedOn] = await this.#parts.readEnd();
    return name === null || finishedOn !== null;
  }

  /** Rejects if the job is not this run's any more. */
  checkLock(): Promise<void> {
    return this.#writer.write({});
  }
}

const HISTORY_FIELDS = [FIELDS.checkpoint, FIELDS.result, FIELDS.putOffCode, FIELDS.provider, FIELDS.model] as const;

/** The error of a run whose journal is full. What is in it is the job's to keep. */
function full(): ProblemError {
  return new ProblemError('journal_full', 'The job has written as much as one job may; what it had finished by then is kept.');
}

/** What is kept with a row. */
function fieldsWith(row: Row, progress: Progress): RecordFields {
  return {
    progress: JSON.stringify(progress),
    [FIELDS.attempt]: String(row.attempt),
    ...(row.type === 'attempt' && { [FIELDS.putOffCode]: '' }), // the row says it now
  };
}

/** An author without a model clears that of another one before. */
function authorFields(author: Author | undefined): RecordFields {
  return author ? { [FIELDS.provider]: author.provider, [FIELDS.model]: author.model ?? '' } : {};
}

/**
 * What a job's journal should hold, from what it holds and what this process remembers
 * of it. Where Redis has rows that are not remembered, another process went on with
 * the job, and Redis is right. Where it has only the first of the remembered rows, it
 * has lost the others. Where the rows are the same, fields can still be lost.
 */
function merge(stored: JournalContent, remembered: JournalContent): JournalContent {
  const { rows, fields } = stored;
  if (!rows.every((row, index) => row === remembered.rows[index])) return stored;
  if (rows.length < remembered.rows.length) return remembered;
  const { [FIELDS.putOffCode]: _, ...kept } = remembered.fields;
  return { rows, fields: { ...kept, ...fields } };
}

function toHistory({ rows, fields }: JournalContent): History {
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
