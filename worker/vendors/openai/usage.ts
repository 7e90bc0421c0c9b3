/** Counts what one call has used: as the server reports it, else estimated from the text that was sent and received. */
import type { Usage } from '../../../src/job/snapshot.ts';
import { estimateTokens } from '../../../src/job/token-estimate.ts';
import type { Delta, TokenCount } from './chunk.ts';

/** Counts one call. */
export type Bill = {
  /** A response has begun. */
  begin(): void;
  /** Counts a chunk. */
  add(delta: Delta): void;
  /** The server has reported an error in its response. If nothing of an answer came before, nothing is owed. */
  refuse(): void;
  /** Whether anything is owed. */
  isOwed(): boolean;
  /** How many chunks had text. Each counts as one token at least. */
  readonly deltas: number;
  /** What the call has used so far; `estimated` if the server has not reported all of it. */
  used(): Usage;
};

/** About what an image counts for, in tokens. */
const IMAGE_TOKENS = 1500;

/** Opens a bill. `prompt`: all text that is sent; `images`: how many images are sent with it. */
export function openBill(prompt: string, images = 0): Bill {
  const expected = Math.ceil(estimateTokens(prompt)) + images * IMAGE_TOKENS;
  let told: TokenCount = {};
  let deltas = 0;
  let begun = false;
  let since = { tokens: 0, deltas: 0 }; // what has come since the server last reported its usage

  return {
    begin() {
      begun = true;
    },
    refuse() {
      begun = deltas > 0 || (told.outputTokens ?? 0) > 0;
    },
    isOwed: () => begun,
    add({ content, refusal, reasoning, args, usage }) {
      const text = content + refusal + reasoning + args;
      if (text !== '') {
        deltas++;
        since = { tokens: since.tokens + estimateTokens(text), deltas: since.deltas + 1 };
      }
      // Some servers report the usage with each chunk, for all chunks so far.
      told = { inputTokens: usage.inputTokens ?? told.inputTokens, outputTokens: usage.outputTokens ?? told.outputTokens };
      if (usage.outputTokens !== undefined) since = { tokens: 0, deltas: 0 };
    },
    get deltas() {
      return deltas;
    },
    used() {
      const outputTokens = (told.outputTokens ?? 0) + Math.max(Math.ceil(since.tokens), since.deltas);
      const isTold = told.inputTokens !== undefined && told.outputTokens !== undefined && since.deltas === 0;
      return { inputTokens: told.inputTokens ?? expected, outputTokens, ...(!isTold && { estimated: true }) };
    },
  };
}
