/**
 * What waits in this process for clients to take it: counted for
 * whose requests it is, and cut off where nothing moves any more.
 */
import type { ServerResponse } from 'node:http';
import type { Hold, Share } from './http/shares.ts';
import type { Tenant } from './job/tenant.ts';
import type { Watch } from './vanished-clients.ts';

/** Counts what waits. */
export type UnsentCount = {
  /** From here on it counts for this holder what waits of a response. */
  countFor(outgoing: ServerResponse, holder: Tenant): void;
  /**
   * Something was written to a response: what the system does not take at once
   * is counted. A response that is more than there is room for is cut off.
   */
  count(outgoing: ServerResponse): void;
};

/** What is known of a response. `isDue`: it is about to be counted. */
type State = { holder: Tenant; held?: Hold; isDue: boolean };

const STATE = Symbol('what waits');

type Counted = ServerResponse & { [STATE]?: State };

/** Makes the count. `watch` cuts off connections that take nothing. */
export function createUnsentCount(answers: Share, watch: Watch): UnsentCount {
  const begin = (outgoing: ServerResponse, state: State): Hold => {
    const held = answers.hold(state.holder, 0);
    outgoing.once('close', held.release);
    outgoing.on('drain', () => countNow(outgoing, state));
    if (outgoing.socket) watch(outgoing.socket);
    return held;
  };
  const countNow = (outgoing: Counted, state: State): void => {
    state.isDue = false;
    const waiting = outgoing.writableLength;
    if (outgoing.closed || (waiting === 0 && !state.held)) return;
    try {
      (state.held ??= begin(outgoing, state)).set(waiting);
    } catch {
      outgoing.destroy(); // its head is sent, so that no answer can tell it
    }
  };
  return {
    countFor(outgoing: Counted, holder) {
      const state = outgoing[STATE];
      if (!state) outgoing[STATE] = { holder, isDue: false };
      else if (!state.held) state.holder = holder;
    },
    count(outgoing: Counted) {
      const state = outgoing[STATE];
      if (!state || state.isDue || (outgoing.writableLength === 0 && !state.held)) return;
      state.isDue = true;
      setImmediate(() => countNow(outgoing, state)); // Node holds back the first writes until the end of this tick
    },
  };
}
