/** A job of the fake server: its script, run by the test's clock, and the journal that its followers read. */
import { ENDS, type JobObject } from './events.ts';
import { type Kinds, KINDS } from './kinds.ts';
import type { Problem } from './problem.ts';

/** Anything that a job does, in the order of its script. What stands before the first `wait` happens with the submission. */
export type ScriptStep<Kind extends keyof Kinds> =
  | { type: 'wait'; ms: number }
  | { type: 'progress'; percent: number; stage: string }
  | ItemStep<Kinds[Kind]['items']>
  /** The attempt fails, and the next one begins; items are kept. */
  | { type: 'attempt'; code?: string }
  /** All connections are cut. Nothing is lost: they come back, and go on. */
  | { type: 'drop' }
  /** Clients are told to drop what they have, and are sent everything again. */
  | { type: 'reset' }
  /** The end. `output`: the file that it has made. */
  | { type: 'complete'; result: Kinds[Kind]['result']; output?: Blob }
  /** The end. What follows in the script happens when the job is tried again. */
  | { type: 'fail'; error?: Partial<Problem> }
  | { type: 'cancel' };

type ItemStep<Items> = Items extends unknown
  ? { [List in keyof Items & string]: { type: 'item'; list: List; value: Items[List]; percent?: number } }[keyof Items & string]
  : never;

/** A line of the journal. `seq`: its number, from 1. */
type Row = { seq: number; type: string; data: Record<string, unknown> };

/** What a job tells those who follow it. */
export type JobFollower = { row(row: Row): void; status(): void; reset(): void; cut(): void };

/** The job. */
export class FakeJob {
  readonly id: string;
  readonly kind: keyof Kinds;
  readonly followers = new Set<JobFollower>();
  readonly rows: Row[] = [];
  status: JobObject['status'] = 'active';
  output: Blob | undefined;
  readonly #createdAt: string;
  readonly #steps: ScriptStep<keyof Kinds>[];
  #attempt = 1;
  #dueAt = 0;
  #seq = 0;
  readonly #counts: Record<string, number> = {};

  constructor(id: string, kind: keyof Kinds, steps: readonly ScriptStep<keyof Kinds>[], createdAt: string) {
    this.id = id;
    this.kind = kind;
    this.#steps = [...steps];
    this.#createdAt = createdAt;
  }

  /** Its last row, if that is an end. */
  get end(): Row | undefined {
    const last = this.rows.at(-1);
    return last && ENDS.has(last.type) ? last : undefined;
  }

  /** When the script goes on, in ms of the clock; undefined if it waits for nothing. */
  get dueAt(): number | undefined {
    return this.#steps.length > 0 && !this.end ? this.#dueAt : undefined;
  }

  /** Runs the script up to the next `wait`, or to the job's end. */
  run(now: number): void {
    for (let step = this.#steps.shift(); step; step = this.#steps.shift()) {
      if (step.type === 'wait') {
        this.#dueAt = now + step.ms;
        return;
      }
      this.#do(step);
      if (this.end) return;
    }
  }

  #do(step: Exclude<ScriptStep<keyof Kinds>, { type: 'wait' }>): void {
    switch (step.type) {
      case 'drop':
        for (const follower of this.followers) follower.cut();
        return;
      case 'reset':
        for (const follower of this.followers) follower.reset();
        return;
      case 'item': {
        const { list, value, percent } = step;
        const index = (this.#counts[list] = (this.#counts[list] ?? -1) + 1);
        return this.#write('item', { list, index, value, ...(percent !== undefined && { percent }) });
      }
      case 'progress':
        return this.#write('progress', { percent: step.percent, stage: step.stage });
      case 'attempt':
        return this.#begin(step.code ?? 'provider_unavailable');
      case 'complete':
        this.output = step.output;
        return this.#finish('completed', { result: step.result, usage: { inputTokens: 0, outputTokens: 0 } });
      case 'fail':
        return this.#finish('failed', { error: { ...FAILED, ...step.error } });
      case 'cancel':
        return this.cancel();
    }
  }

  cancel(): void {
    if (!this.end) this.#finish('cancelled', {});
  }

  /** The job goes on after it has failed. */
  retry(now: number): void {
    this.status = 'active';
    const failed = this.end?.data['error'] as Problem | undefined;
    this.#begin(failed?.code ?? FAILED.code);
    this.run(now);
  }

  #begin(code: string): void {
    const itemsKept = Object.values(this.#counts).reduce((sum, count) => sum + count + 1, 0);
    this.#write('attempt', { attempt: ++this.#attempt, itemsKept, code });
    for (const follower of this.followers) follower.status();
  }

  #finish(status: 'completed' | 'failed' | 'cancelled', data: Record<string, unknown>): void {
    this.status = status;
    this.#write(status, data);
  }

  #write(type: string, data: Record<string, unknown>): void {
    const row = { seq: ++this.#seq, type, data: { jobId: this.id, ...data } };
    this.rows.push(row);
    for (const follower of this.followers) follower.row(row);
  }

  /** The job as the server shows it. */
  show(withItems: boolean): JobObject {
    const items: Record<string, unknown[]> = {};
    let progress: Record<string, unknown> | undefined;
    for (const { type, data } of this.rows) {
      if (type === 'item') (items[data['list'] as string] ??= []).push(data['value']);
      if (type === 'progress') progress = data;
    }
    const path = `/api/jobs/${this.id}`;
    return {
      jobId: this.id,
      kind: KINDS[this.kind].kind,
      status: this.status,
      attempt: this.#attempt,
      maxAttempts: 3,
      createdAt: this.#createdAt,
      ...(progress && { progress: { ...(progress as { percent: number; stage: string }), items: Object.values(items).flat().length } }),
      ...(this.end?.type === 'completed' && { result: this.end.data['result'] as never }),
      ...(this.end?.type === 'failed' && { error: this.end.data['error'] as Problem }),
      ...(withItems && { items: items }),
      statusUrl: path,
      streamUrl: `${path}/events`,
      cancelUrl: `${path}/cancel`,
    };
  }
}

const FAILED: Problem = {
  code: 'provider_unavailable',
  title: 'The model is not there',
  detail: 'The model is not there.',
  retryable: true,
};
