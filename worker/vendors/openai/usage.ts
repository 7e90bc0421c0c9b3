/**
 * Counts what one call has used: as the server reports it, else estimated from the text that was
 * sent and received.
 */
import type { Usage } from '../../../src/job/snapshot.ts';
import { estimateTokens } from '../../../src/job/token-estimate.ts';
import type { Delta, TokenCount } from './chunk.ts';

/** The usage of one call. */
export class CallUsage {
  readonly #expected: number;
  #reported: TokenCount = {};
  #deltas = 0;
  #begun = false;
  /** What has come since the server last reported its usage. */
  #since = { tokens: 0, deltas: 0 };

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
    const { inputTokens, outputTokens = 0 } = this.#reported;
    const { tokens, deltas } = this.#since;
    const isReported = inputTokens !== undefined && this.#reported.outputTokens !== undefined && deltas === 0;
    return {
      inputTokens: inputTokens ?? this.#expected,
      outputTokens: outputTokens + Math.max(Math.ceil(tokens), deltas),
      ...(!isReported && { estimated: true }),
    };
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
    this.#begun = this.#deltas > 0 || (this.#reported.outputTokens ?? 0) > 0;
  }

  /** Counts a chunk. */
  add({ content, refusal, reasoning, args, usage }: Delta): void {
    const text = content + refusal + reasoning + args;
    if (text !== '') {
      this.#deltas++;
      this.#since = { tokens: this.#since.tokens + estimateTokens(text), deltas: this.#since.deltas + 1 };
    }
    const { inputTokens = this.#reported.inputTokens, outputTokens = this.#reported.outputTokens } = usage;
    this.#reported = { inputTokens, outputTokens };
    // Some servers report the usage with each chunk, for all chunks so far.
    if (usage.outputTokens !== undefined) this.#since = { tokens: 0, deltas: 0 };
  }
}
