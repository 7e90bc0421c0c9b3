/**
 * The stream of all of a user's jobs, held open while the page is: what happens to each, and whether
 * there is a connection at all.
 */
import { createFrameReader } from '../client/src/frames.ts';
import { backoffMs, pause, type Send } from '../client/src/request.ts';

/** An event of any job. */
export type AnyEvent = { type: string; jobId: string; status?: string };

/** How the connection stands. `retryAtMs`: when it is tried next, as `performance.now()` has it. */
export type FeedState = { type: 'connecting' | 'live' } | { type: 'offline' | 'refused'; retryAtMs: number };

/** What a feed tells. */
export type FeedListener = { onEvent(event: AnyEvent): void; onState(state: FeedState): void };

/** Pauses between tries, in ms: short, because somebody looks at the page. */
const BACKOFF = { firstMs: 1000, mostMs: 10_000 };

/** A connection that lasted so long was sound, and is opened again at once, in ms. */
const SOUND_MS = 5000;

/** A server is silent for 15 s at most. After so long a connection counts as dead, in ms. */
const SILENCE_MS = 37_500;

/** The stream, with its tries. `retryNow` ends a pause; `stop` closes it. */
export class Feed {
  readonly #send: Send;
  readonly #listener: FeedListener;
  #left = new AbortController();
  #pause = new AbortController();
  #connection = new AbortController();
  #isHurried = false;

  constructor(send: Send, listener: FeedListener) {
    this.#send = send;
    this.#listener = listener;
  }

  /** Opens it, and keeps it open. */
  start(): void {
    this.#left.abort();
    this.#left = new AbortController();
    void this.#run(this.#left.signal);
  }

  stop(): void {
    this.#left.abort();
    this.#connection.abort();
    this.#pause.abort();
  }

  /** Tries at once, also where a connection seems to stand: one of a network that is gone is dead. */
  retryNow(): void {
    this.#isHurried = true;
    this.#connection.abort();
    this.#pause.abort();
  }

  async #run(left: AbortSignal): Promise<void> {
    const { onState } = this.#listener;
    let failures = 0;
    while (!left.aborted) {
      if (failures === 0) onState({ type: 'connecting' });
      const { isSound, isRefused, retryMs = 0 } = await this.#connect();
      if (left.aborted) return;
      const isAtOnce = isSound || this.#isHurried;
      this.#isHurried = false;
      failures = isSound ? 0 : failures + 1;
      if (isAtOnce) continue;
      const ms = Math.max(1000, Math.min(retryMs, BACKOFF.mostMs), backoffMs(failures, BACKOFF));
      onState({ type: isRefused ? 'refused' : 'offline', retryAtMs: performance.now() + ms });
      this.#pause = new AbortController();
      await pause(ms, this.#pause.signal).catch(() => {});
    }
  }

  /** One connection. It is sound if it was ended by the server after a while, as long ones are. */
  async #connect(): Promise<{ isSound: boolean; isRefused?: boolean; retryMs?: number }> {
    const { onEvent, onState } = this.#listener;
    const { signal } = (this.#connection = new AbortController());
    const openedAt = performance.now();
    let retryMs: number | undefined;
    const end = (isSound: boolean, isRefused = false) => ({ isSound, isRefused, ...(retryMs !== undefined && { retryMs }) });
    try {
      const answer = await this.#send('/api/events', { headers: { accept: 'text/event-stream' }, signal, cache: 'no-store' });
      if (!answer.ok || !answer.body) return end(false, answer.status === 401);
      onState({ type: 'live' });
      const feed = createFrameReader({
        onFrame: ({ data }) => onEvent(JSON.parse(data) as AnyEvent),
        onRetry: (ms) => (retryMs = ms),
        onComment: () => {},
      });
      for await (const text of this.#read(answer.body)) feed(text);
      return end(performance.now() - openedAt > SOUND_MS);
    } catch {
      return end(false);
    }
  }

  /** The texts of a body. One that is silent for too long is closed. */
  async *#read(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void> {
    const connection = this.#connection;
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let timer = setTimeout(() => connection.abort(), SILENCE_MS);
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(timer);
        timer = setTimeout(() => connection.abort(), SILENCE_MS);
        yield value;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
