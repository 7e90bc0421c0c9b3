/** A thread that connects to a port again and again until it is refused, each time with one request. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

const { port, clients } = workerData as { port: number; clients: number };

/** Resolves with the first word of the answer, or the code of the error. */
async function ask(): Promise<string> {
  const socket = connect(port, '127.0.0.1').on('connect', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'));
  try {
    const [data] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown];
    return Buffer.isBuffer(data) ? data.toString('latin1', 0, 8) : 'closed without an answer';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    socket.destroy();
  }
}

async function askUntilRefused(): Promise<string[]> {
  const ends = new Set<string>();
  for (let end = ''; end !== 'ECONNREFUSED';) {
    ends.add((end = await ask()));
    if (end === 'HTTP/1.1') parentPort?.postMessage('answered');
  }
  return [...ends];
}

const ends = await Promise.all(Array.from({ length: clients }, askUntilRefused));
parentPort?.postMessage(ends.flat());
