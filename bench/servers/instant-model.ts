/** A model behind OpenAI's streamed chat completions that answers every call at once with one card. All bytes are made beforehand, so that it takes little of the machine. */
import { createServer } from 'node:http';
import { CARD, PIECE_LENGTH } from './card.ts';
import { chunkMaker } from './openai-chunks.ts';

/** The events of the answer, as OpenAI sends them. `asked`: whether the call asks for its usage. */
function eventsOf(asked: boolean): Buffer[] {
  const { begin, piece, end } = chunkMaker(asked);
  const pieces = JSON.stringify({ flashcards: [CARD] }).match(new RegExp(`.{1,${PIECE_LENGTH}}`, 'g')) ?? [];
  return [begin(), ...pieces.map(piece), ...end(pieces.length)];
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
