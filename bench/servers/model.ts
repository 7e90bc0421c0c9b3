/** A model behind OpenAI's streamed chat completions. It writes cards at the pace of a real one, and notes when it has written the last byte of each. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from './clock.ts';

/** How many pieces a card is written in, and the pause before each, in ms: forty tokens a second. */
const PIECES = 10;
const PAUSE_MS = 25;

/** Calls that come at once begin to answer within this time, in ms, as models do. */
const THINKING_MS = 500;

/** When each card was whole, by its front. */
let written: Record<string, number> = {};

/** How many cards each call gets: they are fewer than a short request wants. */
const CARDS = Number(process.env['CARDS']);

const server = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const { messages } = JSON.parse(text) as { messages: { content: string }[] };
  const { content } = JSON.parse(messages.at(-1)?.content ?? '') as { content: string };
  response.socket?.setNoDelay(true);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (chunk: object) =>
    response.write(`data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'bench', ...chunk })}\n\n`);
  const say = (piece: string) => send({ choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] });

  await pause(THINKING_MS * Math.random());
  say('{"flashcards":[');
  for (let n = 1; n <= CARDS; n++) {
    const front = `${content} ${n}`;
    const card = JSON.stringify({ front, back: `the back of a card that has some words on it, ${n} of them` });
    const length = Math.ceil(card.length / PIECES);
    for (let at = 0; at < card.length; at += length) {
      await pause(PAUSE_MS);
      if (at + length >= card.length) written[front] = monotonicMs();
      say((at === 0 && n > 1 ? ',' : '') + card.slice(at, at + length));
    }
  }
  say(']}');
  send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  send({ choices: [], usage: { prompt_tokens: 100, completion_tokens: 100, total_tokens: 200 } });
  response.end('data: [DONE]\n\n');
}

process.on('message', (order) => {
  if (typeof order !== 'object' || order === null || !('written' in order)) return;
  process.send?.({ written });
  written = {};
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0 });
});
