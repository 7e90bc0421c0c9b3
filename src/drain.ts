/** The first part of a server's end: it serves on, and says that it is about to stop. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Listening } from './listen.ts';

/**
 * A balancer sends requests until it has seen that a server is not ready. If the port closed before
 * that, they would be refused.
 */
export class Drain {
  readonly #ms: number;
  #begun = false;

  /** `ms`: how long the server serves on. */
  constructor(ms: number) {
    this.#ms = ms;
  }

  /** Whether the server is about to stop. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Begins. Resolves when the port may close. Answers end their connections meanwhile. */
  async serveOn(listening: Listening): Promise<void> {
    this.#begun = true;
    listening.drain();
    await pause(this.#ms);
  }
}
