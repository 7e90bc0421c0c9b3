/** Reads what the server streams. A value of a wrong type is treated as absent. Hundreds of chunks a second come here, so it is plain code. */

/** One chunk of an answer. Texts that the chunk does not have are empty. */
export type Delta = {
  content: string;
  refusal: string;
  reasoning: string;
  /** Why the answer has ended; undefined while it goes on. */
  finish: string | undefined;
  usage: TokenCount;
};

/** The tokens that the server reports for the call so far. Numbers that can't be right are absent. */
export type TokenCount = { inputTokens?: number | undefined; outputTokens?: number | undefined };

/** Reads a chunk of a streamed completion. */
export function readChunk(raw: unknown): Delta {
  const { choices, usage } = fieldsOf(raw);
  const { delta, finish_reason: finish } = fieldsOf(Array.isArray(choices) ? choices[0] : undefined);
  // Servers use one of two names for the model's thinking.
  const { content, refusal, reasoning_content: thinking, reasoning } = fieldsOf(delta);
  const { prompt_tokens: inputTokens, completion_tokens: outputTokens } = fieldsOf(usage);
  return {
    content: text(content),
    refusal: text(refusal),
    reasoning: text(thinking) + text(reasoning),
    finish: typeof finish === 'string' ? finish : undefined,
    usage: { inputTokens: tokens(inputTokens), outputTokens: tokens(outputTokens) },
  };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** No call uses more tokens than this. A greater number is a mistake, and would use up a user's budget. */
const MAX_TOKENS = 1_000_000_000;

function tokens(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MAX_TOKENS ? Math.ceil(value) : undefined;
}
