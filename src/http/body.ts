/** Receives the bodies of requests, within bounds: for one body, for its holder and for the process, and for a client that has stopped. */
import { ProblemError } from '../job/problem.ts';
import type { Held } from './shares.ts';

/**
 * How bodies reach the app on a runtime. Gives each piece of the body to `take`, and resolves at the end of the body, or when `signal`
 * aborts; what comes after that is dropped. Rejects if the client stops before. `env`: what the runtime gave to the app with the request.
 */
export type PullBody = (env: unknown, request: Request, take: (piece: Uint8Array) => void, signal: AbortSignal) => Promise<void>;

/** What is made of a body while it comes. */
export type BodyReader<Content> = {
  /** Gets the next block of it, which is its own. */
  take(block: Uint8Array): void;
  /** Called after the last block. */
  finish(): Content;
  /** Called instead if the body is refused: nothing of it is to be kept while the rest is received. */
  drop(): void;
};

/** The bounds of a body: its size in bytes, what counts as held, and how long no byte may come, in ms. */
export type BodyBounds = { maxBytes: number; held: Held; stallMs: number };

/** Small pieces are joined to blocks of so many bytes: a client may send each byte as a chunk of its own, and each piece has its cost. */
const BLOCK_BYTES = 64 * 1024;

/** The first block has so many bytes and grows when it is full, since many bodies are small. */
const FIRST_BYTES = 1024;

/** The problem of a body, or of a file in it, that is larger than `maxBytes`. */
export function tooLarge(what: string, maxBytes: number): ProblemError {
  return new ProblemError('payload_too_large', `${what} may have ${maxBytes} bytes at most.`);
}

/** The way of every runtime: a web stream. */
export const pullFromStream: PullBody = async (_env, request, take, signal) => {
  const reader = request.body?.getReader();
  if (!reader) return;
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  for (;;) {
    const read = await Promise.race([reader.read(), aborted]);
    if (!read || read.done || signal.aborted) break;
    take(read.value);
  }
};

/**
 * Receives a body. What is received counts as held from then on, and is the caller's to release. If it can't be read, or is too much for its
 * holder or the process, the rest is received and dropped before this is told: most clients look for an answer only when they have sent everything.
 * @throws ProblemError `payload_too_large`, `request_timeout` if no byte came for `stallMs`, `invalid_input` if the client stops before
 * the end; what `held` and the reader throw
 */
export async function receiveBody<Content>(
  pull: (take: (piece: Uint8Array) => void, signal: AbortSignal) => Promise<void>,
  reader: BodyReader<Content>,
  { maxBytes, held, stallMs }: BodyBounds,
): Promise<Content> {
  const blocks = createBlocks(reader.take);
  const stop = new AbortController();
  let received = 0;
  let fault: unknown;

  const take = (piece: Uint8Array): void => {
    if (stop.signal.aborted) return;
    stall.moved();
    received += piece.byteLength;
    try {
      if (received > maxBytes) throw tooLarge('The body', maxBytes);
      if (fault !== undefined) return;
      held.set(received);
      blocks.add(piece);
    } catch (error) {
      fault = error;
      blocks.drop();
      reader.drop();
      held.release(); // at once: what is refused makes room for others
      if (received > maxBytes) stop.abort();
    }
  };
  const stall = watchStall(stallMs, () => {
    fault = stalled(stallMs);
    stop.abort();
  });
  try {
    await pull(take, stop.signal);
  } catch (cause) {
    throw new ProblemError('invalid_input', 'The body ended before it was whole.', { cause });
  } finally {
    stall.end();
  }
  if (fault !== undefined) throw fault;
  blocks.flush();
  return reader.finish();
}

/** Joins small pieces to blocks. A large piece is a block as it is. */
function createBlocks(give: (block: Uint8Array) => void) {
  let block = new Uint8Array();
  let used = 0;
  const flush = (): void => {
    if (used > 0) give(block.subarray(0, used));
    block = new Uint8Array();
    used = 0;
  };
  return {
    flush,
    drop(): void {
      block = new Uint8Array();
      used = 0;
    },
    add(piece: Uint8Array): void {
      const isLarge = piece.byteLength >= BLOCK_BYTES / 2;
      if (isLarge || used + piece.byteLength > BLOCK_BYTES) flush();
      if (isLarge) return give(piece);
      if (used + piece.byteLength > block.byteLength) {
        const larger = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(FIRST_BYTES, 2 * (used + piece.byteLength))));
        larger.set(block.subarray(0, used));
        block = larger;
      }
      block.set(piece, used);
      used += piece.byteLength;
    },
  };
}

/** Calls `onStall` when nothing has moved for `ms`. One timer serves a whole body, whatever comes. */
function watchStall(ms: number, onStall: () => void) {
  let movedAt = performance.now();
  const check = (): void => {
    const left = movedAt + ms - performance.now();
    if (left > 0) timer = setTimeout(check, left);
    else onStall();
  };
  let timer = setTimeout(check, ms);
  return {
    moved: () => void (movedAt = performance.now()),
    end: () => clearTimeout(timer),
  };
}

function stalled(ms: number): ProblemError {
  return new ProblemError('request_timeout', `No byte of the body came for ${Math.round(ms / 1000)} s; nothing of it was stored.`, {
    retryAfterMs: 1000,
    headers: { Connection: 'close' }, // the rest of the body may still come, or never
  });
}
