/**
 * Counts what one call has used: as the server reports it, else estimated from the text that was
 * sent and received.
 */
import type { Usage } from '../../../src/job/snapshot.ts';
import { estimateTokens } from '../../../src/job/token-estimate.ts';
import type { Delta } from './chunk.ts';

/** The usage of one call. */
export class CallUsage {
  readonly #expected: number;
  /** What the server has reported so far. */
  #inputTokens: number | undefined;
  #outputTokens: number | undefined;
  /** How many tokens, and how many chunks with text, have come since the server last reported its usage. */
  #tokensSince = 0;
  #deltasSince = 0;
  #deltas = 0;
  #begun = false;

  /** `expected`: an estimate of what the model reads, in tokens. */
  constructor(expected: number) {
    this.#expected = Math.ceil(expected);
  }

  /** How many chunks had text. Each counts as one token at least. */
  get deltas(): number {
    return this.#deltas;
  }

  /** Whether the vendor bills the call: a response has begun that is no refusal. */
  get isOwed(): boolean {
    return this.#begun;
  }

  /** What the call has used so far; `estimated` if the server has not reported all of it. */
  used(): Usage {
    const isReported = this.#inputTokens !== undefined && this.#outputTokens !== undefined && this.#deltasSince === 0;
    const inputTokens = this.#inputTokens ?? this.#expected;
    const outputTokens = (this.#outputTokens ?? 0) + Math.max(Math.ceil(this.#tokensSince), this.#deltasSince);
    return isReported ? { inputTokens, outputTokens } : { inputTokens, outputTokens, estimated: true };
  }

  /** A response has begun. */
  begin(): void {
    this.#begun = true;
  }

  /**
   * The server has reported an error in its response. If nothing of an answer came before, nothing
   * is owed.
   */
  refuse(): void {
    this.#begun = this.#deltas > 0 || (this.#outputTokens ?? 0) > 0;
  }

  /** Counts a chunk. */
  add({ content, refusal, reasoning, args, usage }: Delta): void {
    const text = content + refusal + reasoning + args;
    if (text !== '') {
      this.#deltas++;
      this.#deltasSince++;
      this.#tokensSince += estimateTokens(text);
    }
    this.#inputTokens = usage.inputTokens ?? this.#inputTokens;
    this.#outputTokens = usage.outputTokens ?? this.#outputTokens;
    // Some servers report the usage with each chunk, for all chunks so far.
    if (usage.outputTokens !== undefined) this.#tokensSince = this.#deltasSince = 0;
  }
}
