/**
 * The stream of all of a user's jobs, held open while the page is: what happens to each, and whether
 * there is a connection at all.
 */
import type { Client } from '../client/src/client.ts';
import type { Connection } from '../client/src/follow.ts';
import { ApiError } from '../client/src/problem.ts';
import { pause } from '../client/src/request.ts';
import type { Watch, WatchEvent } from '../client/src/watch.ts';

/** How the connection stands. `retryAtMs`: when it is tried next, as `performance.now()` has it. */
export type FeedState = { type: 'connecting' | 'live' } | { type: 'offline' | 'refused'; retryAtMs: number };

/** What a feed tells. */
export type FeedListener = { onEvent(event: WatchEvent): void; onState(state: FeedState): void };

/** A server that refuses is asked again after so long, in ms. */
const REFUSED_MS = 10_000;

/** The stream, with its tries. `retryNow` ends a pause; `stop` closes it. */
export class Feed {
  readonly #ai: Pick<Client, 'watch'>;
  readonly #listener: FeedListener;
  #left = new AbortController();
  #pause = new AbortController();
  #watch: Watch | undefined;

  constructor(ai: Pick<Client, 'watch'>, listener: FeedListener) {
    this.#ai = ai;
    this.#listener = listener;
  }

  /** Opens it, and keeps it open. */
  start(): void {
    this.stop();
    this.#left = new AbortController();
    void this.#run(this.#left.signal);
  }

  stop(): void {
    this.#left.abort();
    this.retryNow();
  }

  /** Tries at once, also where a connection seems to stand: one of a network that is gone is dead. */
  retryNow(): void {
    this.#watch?.close();
    this.#pause.abort();
  }

  async #run(left: AbortSignal): Promise<void> {
    while (!left.aborted) {
      const watch = this.#ai.watch({ timeoutMs: Infinity }); // it says of silence, and goes on trying
      this.#watch = watch;
      watch.onConnection((connection) => !left.aborted && this.#show(connection));
      try {
        for await (const event of watch) if (!left.aborted) this.#listener.onEvent(event);
      } catch (error) {
        if (!left.aborted) await this.#refused(error);
      }
    }
  }

  /** The server refuses, and will until something is done. */
  async #refused(why: unknown): Promise<void> {
    const isRefused = why instanceof ApiError && why.status === 401;
    this.#listener.onState({ type: isRefused ? 'refused' : 'offline', retryAtMs: performance.now() + REFUSED_MS });
    this.#pause = new AbortController();
    await pause(REFUSED_MS, this.#pause.signal).catch(() => {});
  }

  #show({ state, retryAt = '' }: Connection): void {
    if (state === 'offline') this.#listener.onState({ type: state, retryAtMs: performance.now() + Date.parse(retryAt) - Date.now() });
    else if (state === 'live' || state === 'connecting') this.#listener.onState({ type: state });
  }
}
