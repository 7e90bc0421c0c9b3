/** Commands that come together go to Redis in one write. */

/** Where a connection's commands are written to: what is needed of a Node socket. */
type Socket = { cork(): void; uncork(): void; write(...chunk: unknown[]): boolean };

/**
 * Sends commands that come together in one write. ioredis writes them one by one, and each write is a
 * system call here and another one in Redis. Work waits for the end of the turn of the event loop,
 * for what other jobs write. Requests have been gathered by then (batch.ts), and the next turn would
 * be the one in which Redis works for them: their commands go at the end of the callback.
 */
export function writeTogether(socket: Socket, atEnd: (callback: () => void) => void): void {
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
