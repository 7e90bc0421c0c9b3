/** Reads request bodies piece by piece, within bounds: for one body, and for all that are being received at once. */
import { ProblemError } from '../job/problem.ts';

/** What a process spends on bodies that are being received. */
export type BodyBudget = {
  /** Begins a request. `close` gives back what it has taken, once its bytes are not needed any more. */
  open(): { take(bytes: number): void; close(): void };
};

/** How much of bodies may be in memory at once in a process, in bytes. */
const BUDGET_BYTES = 48 * 1024 * 1024;

/** When to try again if too much is being received, in ms. */
const RETRY_MS = 2000;

/** Makes a budget. What is over it is refused with `storage_full`, so that many uploads at once can't use up the memory. */
export function createBodyBudget(maxBytes = BUDGET_BYTES): BodyBudget {
  let taken = 0;
  return {
    open() {
      let own = 0;
      const close = (): void => {
        taken -= own;
        own = 0;
      };
      return {
        take(bytes) {
          if (taken + bytes > maxBytes) {
            close(); // at once: what is refused makes room for the others, or none of many would get through
            const detail = 'Too many files are being received at the moment; nothing of this one was stored.';
            throw new ProblemError('storage_full', detail, { retryAfterMs: RETRY_MS });
          }
          taken += bytes;
          own += bytes;
        },
        close,
      };
    },
  };
}

/** The problem of a body, or of a file in it, that is larger than `maxBytes`. */
export function tooLarge(what: string, maxBytes: number): ProblemError {
  return new ProblemError('payload_too_large', `${what} may have ${maxBytes} bytes at most.`);
}

/**
 * The pieces of a body. Throws `payload_too_large` past `maxBytes`, and `invalid_input` if the client stops before the end.
 * If its reader stops early, the rest of the body is received and dropped, up to `maxBytes`: most clients look for an answer only
 * when they have sent everything, and lose it if the connection is closed before.
 */
export async function* readBody(request: Request, maxBytes: number, take: (bytes: number) => void): AsyncGenerator<Uint8Array, void> {
  const reader = request.body?.getReader();
  if (!reader) return;
  let received = 0;
  let over = false;
  const next = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      over = true;
      throw new ProblemError('invalid_input', 'The body ended before it was whole.', { cause });
    });
    received += value?.byteLength ?? 0;
    over = done || received > maxBytes;
    return value;
  };
  try {
    for (let piece = await next(); piece; piece = await next()) {
      if (over) throw tooLarge('The body', maxBytes);
      take(piece.byteLength);
      yield piece;
    }
  } finally {
    while (!over) await next().catch(() => {});
    reader.releaseLock(); // not cancelled: that would close the connection before the answer is sent
  }
}
