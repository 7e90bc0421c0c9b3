/** The outbox: submissions that wait for a network, and jobs that have not ended, kept over the end of the app. */
import { offline } from './follow.ts';
import { createJob, type Job, type MadeJob } from './job.ts';
import type { Kinds } from './kinds.ts';
import { ApiError, ownError } from './problem.ts';
import { backoffMs, isPassing, pause, type Wire } from './request.ts';
import { type Kept, type KeyValueStorage, Shelf } from './shelf.ts';
import { submit, type Submission } from './submission.ts';
import type { ReadFile } from './files.ts';

/** A job that an outbox keeps: without an id until it is sent. */
export type KeptJob<Kind extends keyof Kinds = keyof Kinds> = Job<Kind, string | undefined>;

/** A submission that has not been sent. `at`: when it was submitted, in ms since 1970 by the clock of the device. */
export type Unsent = { key: string; kind: keyof Kinds; input: Record<string, unknown>; at: number };

/** How much an outbox keeps. */
export type OutboxBounds = {
  /** How many submissions wait at most; 100 by default. */
  maxEntries?: number | undefined;
  /** How many characters they may have together; 1,000,000 by default. */
  maxBytes?: number | undefined;
  /** How long one may wait, in ms; 20 hours by default. The server knows its key for 24 hours, so it must be less. */
  maxAgeMs?: number | undefined;
};

/** The submissions that have not been sent. */
export type Outbox = {
  list(): Promise<Unsent[]>;
  /** Takes one out. It is cancelled, and so is its job if it is being sent just now. Resolves with whether it was there. */
  remove(key: string): Promise<boolean>;
};

/** What an outbox is made with. `name`: what its keys in the storage begin with. */
export type OutboxOptions = {
  wire: Wire;
  timeoutMs: number;
  readFile: ReadFile | undefined;
  storage: KeyValueStorage;
  name: string;
  bounds: OutboxBounds;
};

/** A job that was sent so long ago is not kept any more, in ms. */
const JOB_AGE_MS = 7 * 86_400_000;

type Entry = { record: Kept; made?: MadeJob; isGone?: boolean };

/** Sends what is kept, one after the other, and forgets each job at its end. */
export class OutboxSender implements Outbox {
  readonly #options: OutboxOptions;
  readonly #shelf: Shelf;
  readonly #entries = new Map<string, Entry>();
  readonly #opened: Promise<void>;
  /** Jobs of an earlier start of the app that could not be sent: `restore` gives them once, so that the app is told why. */
  #refused: KeptJob[] = [];
  #pause = new AbortController();
  #isSending = false;
  #saving: Promise<void> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#shelf = new Shelf(options.storage, options.name);
    this.#opened = this.#open();
    // A browser tells when the network is back. Other platforms try again after a pause, and at `resume`.
    (globalThis as { addEventListener?(type: string, fn: () => void): void }).addEventListener?.('online', () => this.kick());
  }

  async #open(): Promise<void> {
    for (const record of await this.#shelf.read().catch(() => [])) {
      if (!this.#entries.has(record.key)) this.#entries.set(record.key, { record });
      if (record.jobId !== undefined && Date.now() - record.at > JOB_AGE_MS) void this.#forget(record.key);
    }
    this.kick();
  }

  /** Keeps a submission and sends it. Undefined if it can't be kept: it has files that are no URIs, or there is no room. */
  async submit(submission: Submission): Promise<KeptJob | undefined> {
    const { key, kind } = submission;
    await this.#opened;
    const known = this.#entries.get(key);
    if (known) return this.#jobOf(known);
    const record: Kept = { key, kind, at: Date.now(), submission };
    const { maxEntries = 100, maxBytes = 1_000_000 } = this.#options.bounds;
    const unsent = [...this.#unsent().map((entry) => entry.record), record];
    if (Object.values(submission.input).some((value) => value instanceof Blob)) return undefined;
    if (unsent.length > maxEntries || JSON.stringify(unsent).length > maxBytes) return undefined;
    try {
      await this.#shelf.put(record);
    } catch {
      await this.#forget(key); // the storage is full
      return undefined;
    }
    const entry = { record };
    this.#entries.set(key, entry);
    const job = this.#jobOf(entry);
    this.kick();
    return job;
  }

  /** All jobs that have not ended. */
  async restore(): Promise<KeptJob[]> {
    await this.#opened;
    this.kick();
    return [...[...this.#entries.values()].map((entry) => this.#jobOf(entry)), ...this.#refused.splice(0)];
  }

  async list(): Promise<Unsent[]> {
    await this.#opened;
    return this.#unsent().map(({ record: { key, kind, at, submission } }) => ({ key, kind, at, input: submission?.input ?? {} }));
  }

  async remove(key: string): Promise<boolean> {
    await this.#opened;
    const entry = this.#entries.get(key);
    if (!entry) return false;
    entry.isGone = true;
    await this.#forget(key);
    if (entry.record.submission) entry.made?.feed.take({ type: 'cancelled' });
    return true;
  }

  /** Tries at once. */
  kick(): void {
    this.#pause.abort();
    if (!this.#isSending) void this.#send();
  }

  #unsent(): Entry[] {
    return [...this.#entries.values()].filter(({ record }) => record.submission);
  }

  #jobOf(entry: Entry): KeptJob {
    const { wire, timeoutMs } = this.#options;
    const { key, jobId, streamUrl, cursor } = entry.record as Extract<Kept, { jobId: string }>;
    entry.made ??= createJob({
      wire,
      timeoutMs,
      key,
      cursor,
      target: jobId === undefined ? undefined : { jobId, streamUrl },
      onDone: (done, isOver) => void (isOver ? this.#forget(key) : this.#keepCursor(entry, done)),
      onFailure: (error) => void (isFinal(error) && this.#forget(key)),
      withdraw: async () => this.remove(key),
      onResume: () => this.kick(),
    });
    return entry.made.job as KeptJob;
  }

  async #forget(key: string): Promise<void> {
    this.#entries.delete(key);
    await this.#shelf.drop(key).catch(() => {});
  }

  /** Writes how far the readers of a job are. Of several in a row the last is enough. */
  #keepCursor({ record }: Entry, cursor: number | undefined): void {
    if (record.jobId === undefined || cursor === undefined || record.cursor === cursor) return;
    record.cursor = cursor;
    void this.#save(record);
  }
  async #save(record: Kept): Promise<void> {
    await this.#saving;
    if (this.#entries.get(record.key)?.record !== record) return; // it has ended meanwhile
    await (this.#saving = this.#shelf.put(record).catch(() => {}));
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    for (let failures = 0; ;) {
      const [entry] = this.#unsent();
      if (!entry) break;
      this.#pause = new AbortController();
      const error = await this.#sendOne(entry);
      failures = error ? failures + 1 : 0;
      if (!error) continue;
      if (this.#entries.delete(entry.record.key)) this.#entries.set(entry.record.key, entry); // behind the others
      const { backoff } = this.#options.wire;
      const ms = Math.max(Math.min(error.retryAfterMs ?? 0, backoff.mostMs), backoffMs(failures, backoff));
      for (const { made } of this.#unsent()) made?.feed.show(offline(error, ms));
      await pause(ms, this.#pause.signal, true).catch(() => {});
    }
    this.#isSending = false;
  }

  /** Resolves with why it could not be sent. */
  async #sendOne(entry: Entry): Promise<ApiError | undefined> {
    const { wire, readFile, bounds } = this.#options;
    const { key, kind, at, submission } = entry.record as Extract<Kept, { submission: Submission }>;
    try {
      if (Date.now() - at > (bounds.maxAgeMs ?? 20 * 3_600_000))
        throw ownError('outbox_expired', 'It waited for a network for too long', false);
      const { jobId, streamUrl } = await submit(wire, { ...submission, options: { ...submission.options, retries: 0 } }, readFile);
      const target = { jobId, streamUrl };
      if (entry.isGone)
        return void createJob({ ...this.#options, cursor: undefined, target })
          .job.cancel()
          .catch(() => {});
      entry.record = { key, kind, at, ...target };
      await this.#shelf.put(entry.record).catch(() => {}); // else it is sent again, and is the same job
      entry.made?.feed.sent(target);
    } catch (error) {
      if (!isFinal(error)) return error as ApiError;
      if (!entry.made) this.#refused.push(this.#jobOf(entry));
      await this.#forget(key);
      entry.made?.feed.fail(error);
    }
    return undefined;
  }
}

/** Whether an error is for ever: no other time, and no other token, makes it better. */
function isFinal(error: unknown): boolean {
  const { code, status = 0, retryable } = error as Partial<ApiError>;
  return !(error instanceof ApiError) || !(code === 'unreachable' || retryable || status === 401 || status === 403 || isPassing(status));
}
