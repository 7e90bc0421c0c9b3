/** Commands that come together go to Redis in one write. */
import type { Redis } from 'ioredis';
import type { OnOutage } from './patience.ts';

/** Where a connection's commands are written to: what is needed of a Node socket. */
type Socket = { cork(): void; uncork(): void; write(...chunk: unknown[]): boolean };

/**
 * Sends commands that come together in one write. ioredis writes them one by one, and each write is a
 * system call here and another one in Redis. Work waits for the end of the turn of the event loop,
 * for what other jobs write. Requests have been gathered by then (batch.ts), and the next turn would
 * be the one in which Redis works for them: their commands go at the end of the callback.
 */
function writeTogether(socket: Socket, atEnd: (callback: () => void) => void): void {
  const { write } = socket;
  let corked = false;
  const uncork = (): void => {
    corked = false;
    socket.uncork();
  };
  socket.write = (...chunk) => {
    if (!corked) {
      corked = true;
      socket.cork();
      atEnd(uncork);
    }
    return write.apply(socket, chunk);
  };
}

/** Does so on each socket that a connection to one server opens. */
export function joinWritesOf(redis: Redis, onOutage: OnOutage): void {
  const atEnd = onOutage === 'fail' ? process.nextTick : setImmediate;
  redis.on('connect', () => writeTogether(redis.stream, atEnd));
}
