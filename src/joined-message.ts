/**
 * Requests on Node whose bodies come in tiny chunks: their pieces are
 * joined before anything keeps them, and they leave time for others.
 */
import { IncomingMessage } from 'node:http';

/**
 * Node makes a Buffer of each chunk, with some 350 bytes
 * around its bytes. Chunks up to so many bytes are joined.
 */
const SMALL_BYTES = 1024;

/**
 * So many small chunks in one turn of the event loop are more than a client
 * has that means well. The connection is read no further in this turn.
 */
const MANY = 512;

/**
 * What the parser does for a chunk, in ms: measured. All such
 * bodies together rest for three times as long as they have taken.
 */
const CHUNK_MS = 0.0015;
const REST = 3;

/** Chunks are joined here, those of one request at a time. */
const joining: { readonly bytes: Buffer; used: number; message?: JoinedMessage | undefined } = {
  bytes: Buffer.allocUnsafeSlow(64 * 1024),
  used: 0,
};

/** Until when bodies in tiny chunks rest, on performance.now()'s clock. */
let restUntil = 0;

/** An IncomingMessage for `createServer`. Its readers get the same bytes in fewer pieces. */
export class JoinedMessage extends IncomingMessage {
  #begun = false;
  /** Small chunks of this turn. */
  #small = 0;
  #resting = false;
  #wanted = false;

  /**
   * Takes what the parser gives. Most bodies are one chunk, or
   * large ones: they are passed on as they are.
   */
  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    const first = !this.#begun;
    this.#begun = true;
    if (chunk === null || first || chunk.byteLength > SMALL_BYTES) {
      this.#flush();
      return super.push(chunk, encoding);
    }
    if (joining.message !== this || joining.used + chunk.byteLength > joining.bytes.byteLength) {
      if (joining.message) joining.message.#flush();
      joining.message = this;
    }
    joining.bytes.set(chunk, joining.used);
    joining.used += chunk.byteLength;
    if (this.#small++ === 0) setImmediate(() => this.#endTurn());
    return this.#small < MANY && this.readableLength < this.readableHighWaterMark; // false: the socket is read no further
  }

  /** Node calls it to have more read from the socket. */
  override _read(size: number): void {
    if (this.#resting) this.#wanted = true;
    else super._read(size);
  }

  #flush(): void {
    if (joining.message !== this) return;
    const joined = Buffer.allocUnsafeSlow(joining.used); // not of Node's pool, which a small piece would keep
    joining.bytes.copy(joined, 0, 0, joining.used);
    joining.message = undefined;
    joining.used = 0;
    super.push(joined);
  }

  #endTurn(): void {
    const small = this.#small;
    this.#small = 0;
    if (small >= MANY) this.#rest(small * CHUNK_MS * REST);
    this.#flush();
  }

  #rest(ms: number): void {
    const now = performance.now();
    restUntil = Math.max(now, restUntil) + ms;
    this.#resting = true;
    setTimeout(() => {
      this.#resting = false;
      if (this.#wanted) super._read(0);
      this.#wanted = false;
    }, restUntil - now);
  }
}
