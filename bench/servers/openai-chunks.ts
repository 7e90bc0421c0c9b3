/** Events of OpenAI's streamed chat completions, for the stand-ins of a model. */

const ENVELOPE = {
  id: 'chatcmpl-DhQk2vX5sYpW8rTnLc4EbJ7GmA1Zo',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'gpt-5.4-mini',
  service_tier: 'default',
  system_fingerprint: 'fp_3f5c9e12ab',
};

const event = (data: string) => Buffer.from(`data: ${data}\n\n`);

/** The events of one answer. `withUsage`: whether its call asks for its usage, as `stream_options` say. */
export type ChunkMaker = {
  begin(): Buffer;
  /** A part of the answer's text. */
  piece(content: string): Buffer;
  /** The last events. `tokens`: how many pieces the answer had. */
  end(tokens: number): Buffer[];
};

/** Makes the maker of an answer's events, each with all fields that OpenAI sends. */
export function chunkMaker(withUsage: boolean): ChunkMaker {
  const usage = withUsage ? { usage: null, obfuscation: 'u6ZpR2' } : { obfuscation: 'u6ZpR2' };
  const choice = (delta: object, finish_reason: string | null = null) =>
    event(JSON.stringify({ ...ENVELOPE, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...usage }));
  return {
    begin: () => choice({ role: 'assistant', content: '', refusal: null }),
    piece: (content) => choice({ content }),
    end(count) {
      const tokens = { prompt_tokens: 400, completion_tokens: count, total_tokens: 400 + count };
      const last = withUsage ? [event(JSON.stringify({ ...ENVELOPE, choices: [], usage: tokens }))] : [];
      return [choice({}, 'stop'), ...last, event('[DONE]')];
    },
  };
}
