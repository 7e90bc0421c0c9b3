/** A thread that connects when it is told to, with one request, and tells how that ended. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** `go` turns from 0 to 1 when it shall connect. */
const { port, go } = workerData as { port: number; go: Int32Array };

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

parentPort?.postMessage('ready');
Atomics.wait(go, 0, 0);
parentPort?.postMessage(await ask());
