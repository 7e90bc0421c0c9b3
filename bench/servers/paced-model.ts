/**
 * A model behind OpenAI's streamed chat completions whose answers take the same time each: its cards
 * come at an even pace, token by token. Each card says when its last byte was written.
 */
import { createServer, type ServerResponse } from 'node:http';
import { PIECE_LENGTH } from './card.ts';
import { monotonicMs } from './clock.ts';
import { type ChunkMaker, chunkMaker } from './openai-chunks.ts';

/** How long an answer that begins now takes, in ms. The process is told of changes as `{ answerMs }`. */
let answerMs = 1;

/** How many cards an answer has. */
const CARDS = Number(process.env['CARDS']);

/** How often it is looked which pieces are due, in ms: about the time between two of them. */
const TICK_MS = 4;

/** Stands for the time at which a card's last piece is written. */
const STAMP = '@';

/** The pieces of every answer, a token each. */
const pieces = Array.from({ length: CARDS }, (_, n) => {
  const card = {
    front: `What does part ${n + 1} of the cell do?`,
    back: 'It does what the notes say of it, in some words more, and all of it at ',
  };
  const text = `${n === 0 ? '{"flashcards":[' : ','}${JSON.stringify(card).slice(0, -2)}`;
  return [...(text.match(new RegExp(`.{1,${PIECE_LENGTH}}`, 'g')) ?? []), `${STAMP}"}${n === CARDS - 1 ? ']}' : ''}`];
}).flat();

/** An answer that is being written. */
type Answer = { response: ServerResponse; since: number; ms: number; sent: number; make: ChunkMaker };

const writing = new Set<Answer>();

function writeDue(answer: Answer, now: number): void {
  const { response, since, ms, make } = answer;
  const due = Math.min(Math.floor(((now - since) / ms) * pieces.length), pieces.length);
  while (answer.sent < due) response.write(make.piece((pieces[answer.sent++] ?? '').replace(STAMP, now.toFixed(2))));
  if (due < pieces.length) return;
  writing.delete(answer);
  for (const bytes of make.end(pieces.length)) response.write(bytes);
  response.end();
}

setInterval(() => {
  for (const answer of writing) writeDue(answer, monotonicMs());
}, TICK_MS);

process.on('message', (order) => {
  if (typeof order !== 'object' || order === null || !('answerMs' in order)) return;
  answerMs = Number(order.answerMs);
  process.send?.({ pace: answerMs });
});

const server = createServer((request, response) => {
  let asked = false;
  request.on('data', (chunk: Buffer) => (asked ||= chunk.includes('"include_usage":true')));
  request.on('end', () => {
    response.socket?.setNoDelay(true);
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    const answer = { response, since: monotonicMs(), ms: answerMs, sent: 0, make: chunkMaker(asked) };
    response.write(answer.make.begin());
    response.once('close', () => writing.delete(answer));
    writing.add(answer);
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0 });
});
