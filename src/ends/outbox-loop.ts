/**
 * The loop over an outbox: it hands on what has ended, at once where
 * the end was signalled, and else when its time to be looked at comes.
 */
import { BATCH, type Claim, type Outbox } from './outbox.ts';
import { atMost, Pauses } from '../store/pauses.ts';

/** How often to look when nothing was signalled, in ms. */
const IDLE_MS = 1000;

/** The longest pause after a failure, in ms. The first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/**
 * How many ends that were signalled are remembered. Others are
 * found when their time to be looked at comes.
 */
const MAX_SIGNALLED = 1000;

/** How long closing waits for what is being handed on, in ms. */
export const CLOSE_MS = 2000;

/** A loop that runs from when it is made until it is closed. */
export class OutboxLoop {
  readonly #outbox;
  readonly #deliver;
  readonly #onError;
  readonly #signalled = new Set<string>();
  readonly #pauses = new Pauses();
  readonly #running;
  #stopped = false;
  #isIdle = false;
  #failures = 0;

  /**
   * `deliver`: hands on claims, and settles them; it rejects where that
   * can't be done now. `onError`: something failed that is tried again.
   */
  constructor(outbox: Pick<Outbox, 'claim'>, deliver: (claims: readonly Claim[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#outbox = outbox;
    this.#deliver = deliver;
    this.#onError = onError;
    this.#running = this.#run();
  }

  /** A job has ended: it is handed on now, and not only when its time to be looked at comes. */
  ended(jobId: string): void {
    if (this.#signalled.size < MAX_SIGNALLED) this.#signalled.add(jobId);
    if (this.#isIdle) this.#pauses.wake(); // a pause after a failure is not cut short
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#pauses.wake();
    await atMost(CLOSE_MS, this.#running); // others take up what is left
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#isIdle = !(await this.#round());
        this.#failures = 0;
        if (this.#isIdle && !this.#stopped) await this.#pauses.pause(IDLE_MS);
        this.#isIdle = false;
      } catch (error) {
        this.#onError(error);
        this.#failures++;
        if (!this.#stopped) await this.#pauses.pause(Math.random() * Math.min(250 * 2 ** this.#failures, MAX_PAUSE_MS));
      }
    }
  }

  /** One round over what was signalled and what is due. Resolves with whether there may be more. */
  async #round(): Promise<boolean> {
    const ids = [...this.#signalled].slice(0, BATCH);
    for (const id of ids) this.#signalled.delete(id);
    const named = ids.length === 0 ? [] : (await this.#outbox.claim(ids)).claims;
    const { claims, more } = await this.#outbox.claim();
    await this.#deliver([...named, ...claims]);
    return more || this.#signalled.size > 0;
  }
}
