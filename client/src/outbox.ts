/** The outbox: submissions that wait for a network, and jobs that have not ended, kept over the end of the app. */
import { offline } from './follow.ts';
import { createJob, type Job, type MadeJob } from './job.ts';
import type { Kinds } from './kinds.ts';
import { ApiError, ownError } from './problem.ts';
import { backoffMs, isPassing, pause, type Wire } from './request.ts';
import { alone, type Kept, type KeyValueStorage, Shelf } from './shelf.ts';
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

type Entry = { record: Kept; made?: MadeJob };

/**
 * Sends what is kept, one after the other, and forgets each job at its end. Other tabs may do so with the same storage: what it has is what
 * counts.
 */
export class OutboxSender implements Outbox {
  readonly #options: OutboxOptions;
  readonly #shelf: Shelf;
  readonly #entries = new Map<string, Entry>();
  /** What is over here. It may be read once more before the storage has let it go. */
  readonly #gone = new Set<string>();
  readonly #opened: Promise<void>;
  /** Jobs of an earlier start of the app that could not be sent: `restore` gives them once, so that the app is told why. */
  #refused: KeptJob[] = [];
  #pause = new AbortController();
  #isSending = false;
  #saving: Promise<unknown> | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#shelf = new Shelf(options.storage, options.name);
    this.#opened = this.#open();
    // A browser tells when the network is back. Other platforms try again after a pause, and at `resume`.
    (globalThis as { addEventListener?(type: string, fn: () => void): void }).addEventListener?.(
      'online',
      () => void this.list().then(() => this.kick()),
    );
  }

  async #open(): Promise<void> {
    await this.#read();
    this.kick();
  }

  /** Takes over what the storage has: also what another tab has kept, sent, or let go. */
  async #read(): Promise<void> {
    const known = [...this.#entries.values()];
    const records = await this.#shelf.read().catch(() => undefined);
    if (!records) return;
    const kept = new Set(records.map(({ key }) => key));
    for (const { record, made } of known) if (!kept.has(record.key) && !(made && record.submission)) this.#entries.delete(record.key);
    for (const record of records) {
      const { key, jobId, at } = record;
      if (this.#gone.has(key)) continue;
      const entry = this.#entries.get(key);
      if (!entry) this.#entries.set(key, { record });
      else if (jobId !== undefined && entry.record.submission) this.#sent(entry, record);
      if (jobId !== undefined && Date.now() - at > JOB_AGE_MS) void this.#forget(key);
    }
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
    this.#gone.delete(key);
    let kept: Kept | undefined;
    try {
      kept = await this.#shelf.change(key, (other) => other ?? record);
    } catch {
      await this.#forget(key); // the storage is full
      return undefined;
    }
    const entry = this.#entries.get(key) ?? { record: kept ?? record };
    this.#entries.set(key, entry);
    const job = this.#jobOf(entry);
    this.kick();
    return job;
  }

  /** All jobs that have not ended. */
  async restore(): Promise<KeptJob[]> {
    await this.#opened;
    await this.#read();
    this.kick();
    return [...[...this.#entries.values()].map((entry) => this.#jobOf(entry)), ...this.#refused.splice(0)];
  }

  async list(): Promise<Unsent[]> {
    await this.#opened;
    await this.#read();
    return this.#unsent().map(({ record: { key, kind, at, submission } }) => ({ key, kind, at, input: submission?.input ?? {} }));
  }

  async remove(key: string): Promise<boolean> {
    await this.#opened;
    const entry = this.#entries.get(key);
    if (!entry) return false;
    const { submission } = entry.record;
    const kept = await this.#forget(key, submission !== undefined);
    if (submission) entry.made?.feed.take({ type: 'cancelled' });
    if (submission && kept?.jobId !== undefined) this.#cancel(kept.jobId); // another tab has sent it
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

  /** Resolves with what the storage had. */
  async #forget(key: string, takesOut = false): Promise<Kept | undefined> {
    this.#entries.delete(key);
    this.#gone.add(key);
    let kept: Kept | undefined;
    await this.#shelf.change(key, (one) => void (kept = one), takesOut).catch(() => {});
    return kept;
  }

  #cancel(jobId: string): void {
    const target = { jobId, streamUrl: undefined };
    void createJob({ ...this.#options, cursor: undefined, target })
      .job.cancel()
      .catch(() => {});
  }

  /** It has its job now. */
  #sent(entry: Entry, record: Kept): void {
    entry.record = record;
    const { jobId, streamUrl } = record as Extract<Kept, { jobId: string }>;
    entry.made?.feed.sent({ jobId, streamUrl });
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
    await (this.#saving = this.#shelf.change(record.key, (kept) => kept && record).catch(() => {}));
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

  /** Resolves with why it could not be sent. Tabs wait for each other, and the second one finds that it was sent, or taken out. */
  async #sendOne(entry: Entry): Promise<ApiError | undefined> {
    const { key, submission } = entry.record;
    return alone(`${this.#options.name}:${key}`, async () => {
      const kept = await this.#shelf.change(key, (one) => one).catch(() => entry.record);
      if (kept?.jobId !== undefined) this.#sent(entry, kept);
      else if (!kept && (!entry.made || (await this.#isTakenOut(key)))) {
        this.#entries.delete(key);
        entry.made?.feed.take({ type: 'cancelled' });
      } else return this.#submit(entry, submission as Submission); // one that another tab has read to its end is the same job again
      return undefined;
    });
  }

  async #isTakenOut(key: string): Promise<boolean> {
    return this.#shelf.isTakenOut(key).catch(() => false);
  }

  async #submit(entry: Entry, submission: Submission): Promise<ApiError | undefined> {
    const { wire, readFile, bounds } = this.#options;
    const { key, kind, at } = entry.record;
    try {
      if (Date.now() - at > (bounds.maxAgeMs ?? 20 * 3_600_000))
        throw ownError('outbox_expired', 'It waited for a network for too long', false);
      const { jobId, streamUrl } = await submit(wire, { ...submission, options: { ...submission.options, retries: 0 } }, readFile);
      const sent: Kept = { key, kind, at, jobId, streamUrl };
      // If it can't be written it is sent again, and is the same job.
      const kept = await this.#shelf.change(key, (one) => one && sent).catch(() => sent);
      if (kept || !(await this.#isTakenOut(key))) this.#sent(entry, sent);
      else this.#cancel(jobId);
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
