/**
 * What waits in this process for clients to take it: counted for
 * whose requests it is, and cut off where nothing moves any more.
 */
import type { ServerResponse } from 'node:http';
import type { Hold, Share } from './http/shares.ts';
import type { Tenant } from './job/tenant.ts';
import type { Watch } from './vanished-clients.ts';

/** What is known of a response. `isDue`: it is about to be counted. */
type State = { holder: Tenant; held?: Hold; isDue: boolean };

const STATE = Symbol('what waits');

type Counted = ServerResponse & { [STATE]?: State };

/** Counts what waits. */
export class UnsentCount {
  readonly #answers: Share;
  readonly #watch: Watch;

  /** `watch` cuts off connections that take nothing. */
  constructor(answers: Share, watch: Watch) {
    this.#answers = answers;
    this.#watch = watch;
  }

  /** From here on it counts for this holder what waits of a response. */
  countFor(outgoing: Counted, holder: Tenant): void {
    const state = outgoing[STATE];
    if (!state) outgoing[STATE] = { holder, isDue: false };
    else if (!state.held) state.holder = holder;
  }

  /**
   * Something was written to a response: what the system does not take at once
   * is counted. A response that is more than there is room for is cut off.
   */
  count(outgoing: Counted): void {
    const state = outgoing[STATE];
    if (!state || state.isDue || (outgoing.writableLength === 0 && !state.held)) return;
    state.isDue = true;
    setImmediate(() => this.#countNow(outgoing, state)); // Node holds back the first writes until the end of this tick
  }

  #countNow(outgoing: ServerResponse, state: State): void {
    state.isDue = false;
    const waiting = outgoing.writableLength;
    if (outgoing.closed || (waiting === 0 && !state.held)) return;
    try {
      (state.held ??= this.#begin(outgoing, state)).set(waiting);
    } catch {
      outgoing.destroy(); // its head is sent, so that no answer can tell it
    }
  }

  #begin(outgoing: ServerResponse, state: State): Hold {
    const held = this.#answers.hold(state.holder, 0);
    outgoing.once('close', () => held.release());
    outgoing.on('drain', () => this.#countNow(outgoing, state));
    if (outgoing.socket) this.#watch(outgoing.socket);
    return held;
  }
}
