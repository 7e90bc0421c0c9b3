/**
 * Receives the bodies of requests within bounds: of one body, of its holder, of the process, and of
 * the time without a byte.
 */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './context.ts';
import type { Hold } from './shares.ts';

/** Takes the next piece of a body. */
type Take = (piece: Uint8Array) => void;

/**
 * A body on its way. `ended` resolves at its end, or after `stop`; what comes after that is
 * dropped. It rejects if the client stops before.
 */
export type Pulling = { ended: Promise<void>; stop(): void };

/**
 * How bodies reach the app on a runtime: gives each piece of the body to `take`. `env`: what the
 * runtime gave to the app with the request.
 */
export type PullBody = (env: unknown, request: Request, take: Take) => Pulling;

/** Reads a body while it arrives, block by block. */
export type BodyReader<Content> = {
  /** Takes the next block. Nobody else writes to the block afterwards. */
  take(block: Uint8Array): void;
  /** Called after the last block. */
  finish(): Content;
  /**
   * Called instead if the body is refused: nothing of it is to be kept while the rest is received.
   */
  drop(): void;
};

/**
 * The bounds of a body: its size in bytes, what counts as held, and how long no byte may come, in
 * ms.
 */
export type BodyBounds = { maxBytes: number; held: Hold; stallMs: number };

/**
 * The size of a block, in bytes. Small pieces are joined to blocks, because each piece has its cost
 * and a client may send each byte as a chunk.
 */
const BLOCK_BYTES = 64 * 1024;

/** The first block has so many bytes and grows when it is full, since many bodies are small. */
const FIRST_BYTES = 1024;

const NONE = new Uint8Array();

/** The problem of a body, or of a file in it, that is larger than `maxBytes`. */
export function tooLarge(what: string, maxBytes: number): ProblemError {
  return new ProblemError('payload_too_large', `${what} may have ${maxBytes} bytes at most.`);
}

/** The implementation for every runtime, over a web stream. */
export const pullFromStream: PullBody = (_env, request, take) => {
  const stopped = Promise.withResolvers<undefined>();
  const read = async (): Promise<void> => {
    const reader = request.body?.getReader();
    for (;;) {
      const piece = await Promise.race([reader?.read(), stopped.promise]);
      if (!piece || piece.done) return;
      take(piece.value);
    }
  };
  return { ended: read(), stop: () => stopped.resolve(undefined) };
};

/**
 * Receives a body. What is received counts as held from then on, and is the caller's to release. If
 * it can't be read, or is too much for its holder or the process, the rest is received and dropped
 * before the refusal: most clients look for an answer only when they have sent everything.
 * @throws ProblemError `payload_too_large`, `request_timeout` if no byte came for `stallMs`,
 * `invalid_input` if the client stops before the end; what `held` and the reader throw
 */
export async function receiveBody<Content>(
  pull: (take: Take) => Pulling,
  reader: BodyReader<Content>,
  { maxBytes, held, stallMs }: BodyBounds,
): Promise<Content> {
  const blocks = new Blocks((block) => reader.take(block));
  let received = 0;
  let fault: unknown;
  let stopped = false;

  const stop = (): void => {
    stopped = true;
    pulling?.stop();
  };
  const take = (piece: Uint8Array): void => {
    if (stopped) return;
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
      if (received > maxBytes) stop();
    }
  };
  const stall = watchStall(stallMs, () => {
    fault = stalled(stallMs);
    stop();
  });
  let pulling: Pulling | undefined;
  try {
    pulling = pull(take);
    if (stopped) pulling.stop(); // by a piece that was there already
    await pulling.ended;
  } catch (cause) {
    throw new ProblemError('invalid_input', 'The body ended before it was whole.', { cause });
  } finally {
    stall.end();
  }
  if (fault !== undefined) throw fault;
  blocks.flush();
  return reader.finish();
}

/**
 * How the body of one request is received: as `receiveBody`, with all but the reader and the size
 * set.
 */
export type Receive = <Content>(reader: BodyReader<Content>, maxBytes: number) => Promise<Content>;

/**
 * Makes the function that receives the body of this request. What is received counts as `held`,
 * which is the caller's to release.
 */
export function receiveFor(c: Context<AppEnv>, { pullBody, stallMs }: { pullBody: PullBody; stallMs: number }, held: Hold): Receive {
  return (reader, maxBytes) => receiveBody((take) => pullBody(c.env, c.req.raw, take), reader, { maxBytes, held, stallMs });
}

/** Joins small pieces to blocks. A large piece is a block as it is, and so is one that stays alone. */
class Blocks {
  readonly #give: (block: Uint8Array) => void;
  /** A small piece that no other has followed yet. */
  #first: Uint8Array | undefined;
  #block = NONE;
  #used = 0;

  constructor(give: (block: Uint8Array) => void) {
    this.#give = give;
  }

  add(piece: Uint8Array): void {
    if (piece.byteLength >= BLOCK_BYTES / 2) {
      this.flush();
      this.#give(piece);
    } else if (this.#used === 0 && !this.#first) {
      this.#first = piece;
    } else {
      const first = this.#first;
      this.#first = undefined;
      if (first) this.#join(first);
      this.#join(piece);
    }
  }

  #join(piece: Uint8Array): void {
    if (this.#used + piece.byteLength > BLOCK_BYTES) this.flush();
    if (this.#used + piece.byteLength > this.#block.byteLength) this.#grow(2 * (this.#used + piece.byteLength));
    this.#block.set(piece, this.#used);
    this.#used += piece.byteLength;
  }

  #grow(wanted: number): void {
    const larger = new Uint8Array(Math.min(BLOCK_BYTES, Math.max(FIRST_BYTES, wanted)));
    larger.set(this.#block.subarray(0, this.#used));
    this.#block = larger;
  }

  flush(): void {
    if (this.#first) this.#give(this.#first);
    if (this.#used > 0) this.#give(this.#block.subarray(0, this.#used));
    this.drop();
  }

  drop(): void {
    this.#first = undefined;
    this.#block = NONE;
    this.#used = 0;
  }
}

/**
 * Calls `onStall` when nothing has moved for `ms`. One timer serves a whole body, whatever comes.
 */
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

/** A charset parameter of a media type (RFC 9110, section 8.3.2). */
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
const UTF_8 = /^utf-?8$/i;

/**
 * Checks that a body, or a part of a form, is in UTF-8 if it names a charset. `what`: the body or
 * the part, in words for the error.
 * @throws ProblemError `unsupported_media_type`
 */
export function checkCharset(contentType: string, what: string): void {
  const charset = CHARSET.exec(contentType)?.[1];
  if (charset === undefined || UTF_8.test(charset)) return;
  throw new ProblemError('unsupported_media_type', `${what} must be UTF-8; send it so, with the charset utf-8 or none.`);
}

/**
 * Checks that a body comes as it is.
 * @throws ProblemError `unsupported_media_type` if it is compressed, or coded in another way
 */
export function checkCoding(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || /^\s*(identity\s*)?$/i.test(contentEncoding)) return;
  throw new ProblemError('unsupported_media_type', 'The body must come as it is: send it without Content-Encoding.', {
    headers: { 'Accept-Encoding': 'identity' },
  });
}
