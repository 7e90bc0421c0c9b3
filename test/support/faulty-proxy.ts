/** An HTTP proxy on loopback that does what networks do to phones: it drops, delays, cuts, repeats and goes silent, by seeded dice. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import type { Dice } from './dice.ts';

/** A running proxy. */
export type FaultyProxy = { url: string };

/** What happens to an answer: a fault, once so many pieces of it have gone through. */
type Fault = 'cut' | 'silence' | 'repeat' | 'delay' | 'none';

const FAULTS: readonly Fault[] = ['cut', 'cut', 'silence', 'repeat', 'delay', 'none'];

/**
 * Starts a proxy before a server; it goes with the test. One request in four has no answer: the server may have done what it asked for.
 * `stalls`: some of these are not told so, and wait.
 */
export async function startFaultyProxy(target: string, dice: Dice, { stalls = false } = {}): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);

  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const isLost = dice(4) === 0;
    const { method, url: path, headers } = incoming;
    const upstream = request({ hostname, port, method, path, headers }, (answer) => {
      if (isLost && stalls && dice(3) === 0) return void answer.resume();
      if (isLost) return void outgoing.destroy();
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      spoil(answer, outgoing, dice);
    });
    upstream.on('error', () => outgoing.destroy());
    outgoing.on('close', () => upstream.destroy());
    incoming.pipe(upstream);
  };
  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}` };
}

/** Passes an answer on, and spoils it on the way. What is repeated is whole frames of an event stream: bytes are not repeated in a network. */
function spoil(answer: IncomingMessage, outgoing: ServerResponse, dice: Dice): void {
  const isStream = answer.headers['content-type']?.includes('event-stream') ?? false;
  const fault = isStream ? (FAULTS[dice(FAULTS.length)] ?? 'none') : 'none';
  const after = dice(6);
  let pieces = 0;
  let held = '';
  let late = Promise.resolve(); // what is delayed keeps its order, as in TCP
  const later = (work: () => unknown): void => {
    const ms = dice(10);
    late = late.then(() => new Promise((resolve) => setTimeout(() => resolve(void work()), ms)));
  };
  answer.on('data', (chunk: Buffer) => {
    pieces++;
    if (fault === 'silence' && pieces > after) return;
    if (fault === 'cut' && pieces > after) {
      outgoing.write(chunk.subarray(0, dice(chunk.length + 1)), () => outgoing.destroy());
      return;
    }
    if (fault === 'delay') return later(() => outgoing.write(chunk));
    outgoing.write(chunk);
    if (fault !== 'repeat') return;
    held += chunk.toString();
    const end = held.lastIndexOf('\n\n') + 2;
    const whole = held.slice(0, end);
    held = held.slice(end);
    if (whole !== '' && dice(2) === 0 && end === whole.length && held === '') outgoing.write(whole);
  });
  answer.on('end', () => {
    if (fault === 'silence') return;
    if (fault === 'delay') later(() => outgoing.end());
    else outgoing.end();
  });
  answer.on('error', () => outgoing.destroy());
}
