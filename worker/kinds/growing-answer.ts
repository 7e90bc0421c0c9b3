/** Publishes an answer while it grows: in few steps, each soon after the text was there. */
import { ProblemError } from '../../src/job/problem.ts';
import type { GrowingItem, ResponseDelta } from '../../src/kinds/response-deltas.ts';
import { NotContinuedError, stepsTo } from '../../src/kinds/response-steps.ts';

/**
 * The first pieces go out after so long, in ms. The more there are, the longer it takes: a long
 * answer has few rows.
 */
const FIRST_MS = 50;

/** By how much longer it takes for each piece, in ms. */
const LATER_MS = 0.5;

/** So many characters are published at once. */
const MAX_CHARS = 400;

/**
 * Where the progress of an answer begins and ends, in percent, and how many pieces are about half
 * of it.
 */
const PERCENT = { from: 5, to: 95, half: 60 };

/** What was published before, how many pieces that are, and what publishes one more. */
type Publishing = { published: GrowingItem[]; count: number; publish(delta: ResponseDelta, percent: number): Promise<void> };

/** An answer that grows. An error of the publishing is thrown at its next call. */
export class GrowingAnswer {
  readonly #output: readonly GrowingItem[];
  readonly #publishing: Publishing;
  #count: number;
  #lastMs = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing: Promise<void> | undefined;
  /** Whether something has come since the last publishing began. */
  #isBehind = false;
  #isStopped = false;
  #failure: { error: unknown } | undefined;

  /** `output`: the answer, as it is at each moment. */
  constructor(output: readonly GrowingItem[], publishing: Publishing) {
    this.#output = output;
    this.#publishing = publishing;
    this.#count = publishing.count;
  }

  /** There is more of the answer. It is published in time. */
  grown(): void {
    this.#throwIfFailed();
    this.#isBehind = true;
    if (this.#writing) return; // what came meanwhile follows it
    this.#schedule();
  }

  #schedule(): void {
    const dueMs = this.#lastMs + FIRST_MS + LATER_MS * this.#count - performance.now();
    if (dueMs <= 0 || this.#waitingChars() >= MAX_CHARS) return this.#write();
    this.#timer ??= setTimeout(() => this.#write(), dueMs);
  }

  /** Publishes the rest. Rejects with what the publishing has thrown. */
  async finish(): Promise<void> {
    this.stop();
    await this.#writing;
    this.#throwIfFailed();
    this.#write();
    await this.#writing;
    this.#throwIfFailed();
  }

  /** Publishes nothing more by itself. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  #waitingChars(): number {
    const { published } = this.#publishing;
    const length = (items: readonly GrowingItem[]) => (items.at(-1)?.parts ?? []).reduce((sum, { text }) => sum + text.length, 0);
    return length(this.#output) - (published.length === this.#output.length ? length(published) : 0);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isBehind = false;
    this.#lastMs = performance.now();
    this.#writing = this.#publish()
      .catch((error: unknown) => void (this.#failure ??= { error }))
      .finally(() => {
        this.#writing = undefined;
        if (this.#isBehind && !this.#isStopped && !this.#failure) this.#schedule();
      });
  }

  async #publish(): Promise<void> {
    for (const step of this.#steps()) {
      this.#count++;
      const share = this.#count / (this.#count + PERCENT.half);
      await this.#publishing.publish(step, PERCENT.from + (PERCENT.to - PERCENT.from) * share);
    }
  }

  #steps(): ResponseDelta[] {
    try {
      return stepsTo(this.#publishing.published, this.#output);
    } catch (error) {
      if (!(error instanceof NotContinuedError)) throw error;
      const detail = 'The answer that the provider has is not the one whose beginning was published.';
      throw new ProblemError('provider_bad_answer', detail, { cause: error, final: true });
    }
  }
}
