/**
 * What operators want of this worker: which lanes it may take no jobs of, and whether it is to be
 * quiet. It looks every 2.5 s, so that nothing has to be sent that could get lost; an operator
 * is answered when it has looked.
 */
import { createReadOrders, isOfProvider, type OperatorOrders } from '../../src/jobs/operator-pauses.ts';
import type { Lane } from '../../src/store/keys.ts';
import type { Store } from '../../src/store/store.ts';

/** How often to look, in ms: a pause of a kind or of a provider holds so soon. */
const LOOK_MS = 2500;

/** What it is made with. */
export type HoldsOptions = {
  /** A connection that fails at once while Redis is away: what was known then holds on. */
  store: Store;
  /** This worker's id in the registry. */
  id: string;
  /** Who does a kind here. */
  providerOf: (kind: string) => string | undefined;
  onError: (error: unknown) => void;
};

/** See above. */
export class Holds {
  readonly #options: HoldsOptions;
  readonly #read;
  #orders: OperatorOrders = { pauses: [], quiet: false };
  /** The same as text, and what of it was said. */
  #seen = '';
  #said = '';
  #timer: ReturnType<typeof setInterval> | undefined;
  #isLooking = false;
  readonly #listeners: (() => void)[] = [];

  constructor(options: HoldsOptions) {
    this.#options = options;
    this.#read = createReadOrders(options.store, options.id);
  }

  /** Looks now, and from then on. Before that nothing is held. */
  async begin(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Calls this when something else is held. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Whether the worker is to take no jobs at all. */
  get quiet(): boolean {
    return this.#orders.quiet;
  }

  /** Whether no job of a lane may be taken; of the queue that all kinds share only where all is held. */
  holds(lane: Lane): boolean {
    const { pauses, quiet } = this.#orders;
    if (quiet) return true;
    const provider = lane === undefined ? undefined : this.#options.providerOf(lane);
    return pauses.some((pause) => {
      switch (pause.scope) {
        case 'all':
          return true;
        case 'kind':
          return pause.name === lane;
        case 'provider':
          return provider !== undefined && isOfProvider(pause.name, provider);
      }
    });
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      this.#take(await this.#read());
      if (this.#said === this.#seen) return;
      const seen = this.#seen;
      await this.#read(this.#orders); // operators wait until it is said what is held
      this.#said = seen;
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isLooking = false;
    }
  }

  #take(orders: OperatorOrders): void {
    const seen = JSON.stringify(orders);
    if (seen === this.#seen) return;
    [this.#orders, this.#seen] = [orders, seen];
    for (const listener of this.#listeners) listener();
  }
}

/** Nothing is ever held. */
export const NO_HOLDS: Pick<Holds, 'holds' | 'onChange' | 'quiet'> = { quiet: false, holds: () => false, onChange: () => {} };
