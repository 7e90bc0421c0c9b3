/** A model behind OpenAI's streamed chat completions that answers every call at once with one card. All bytes are made beforehand, so that it takes little of the machine. */
import { createServer } from 'node:http';
import { CARD, PIECE_LENGTH } from './card.ts';

const ENVELOPE = {
  id: 'chatcmpl-DhQk2vX5sYpW8rTnLc4EbJ7GmA1Zo',
  object: 'chat.completion.chunk',
  created: 1_790_000_000,
  model: 'gpt-5.4-mini',
  service_tier: 'default',
  system_fingerprint: 'fp_3f5c9e12ab',
};

const event = (data: string) => Buffer.from(`data: ${data}\n\n`);

/** The events of the answer, as OpenAI sends them. `asked`: whether the call asks for its usage. */
function eventsOf(asked: boolean): Buffer[] {
  const usage = asked ? { usage: null, obfuscation: 'u6ZpR2' } : { obfuscation: 'u6ZpR2' };
  const choice = (delta: object, finish_reason: string | null = null) =>
    event(JSON.stringify({ ...ENVELOPE, choices: [{ index: 0, delta, logprobs: null, finish_reason }], ...usage }));
  const pieces = JSON.stringify({ flashcards: [CARD] }).match(new RegExp(`.{1,${PIECE_LENGTH}}`, 'g')) ?? [];
  const tokens = { prompt_tokens: 400, completion_tokens: pieces.length, total_tokens: 400 + pieces.length };
  return [
    choice({ role: 'assistant', content: '', refusal: null }),
    ...pieces.map((content) => choice({ content })),
    choice({}, 'stop'),
    ...(asked ? [event(JSON.stringify({ ...ENVELOPE, choices: [], usage: tokens }))] : []),
    event('[DONE]'),
  ];
}

const [withUsage, withoutUsage] = [eventsOf(true), eventsOf(false)];

const server = createServer((request, response) => {
  let asked = false;
  request.on('data', (chunk: Buffer) => (asked ||= chunk.includes('"include_usage":true')));
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    // Each event is a chunk of HTTP's, and all leave in one write to the socket.
    for (const bytes of asked ? withUsage : withoutUsage) response.write(bytes);
    response.end();
  });
});
server.keepAliveTimeout = 600_000; // connections outlive the turns of the others
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0 });
});
