/** How long a loop has not come round: one that waits for news in Redis should do so every few seconds. */
import { OwnError } from '../job/own-error.ts';
import { startRounds } from './rounds.ts';
import type { StoreMonitor } from './store-monitor.ts';

/** A loop that has not come round for so long counts as stuck, in ms. */
const STUCK_MS = 10_000;

/** A process whose loop has not come round for so long, although Redis is well, ends, in ms. */
const HOPELESS_MS = 60_000;

/**
 * How often to look, in ms, and how many looks in turn must find it so: a process that was frozen
 * finds its loop late, and the loop goes on.
 */
const LOOKS = { everyMs: 5000, inTurn: 3 };

/**
 * When a loop last came round. The status of a connection does not tell that it works: one whose
 * other end is gone keeps it, and a promise of a library may never settle.
 */
export class LoopAge {
  #expectedSince: number | undefined = performance.now();
  #hasCome = false;

  /** The loop has come round. */
  round(): void {
    this.#expectedSince = performance.now();
    this.#hasCome = true;
  }

  /** It rests of its own accord until it comes round again. */
  rest(): void {
    this.#expectedSince = undefined;
    this.#hasCome = true;
  }

  /** It has to come round anew before it counts as alive, unless it rests: Redis was away. */
  begin(): void {
    if (this.#expectedSince === undefined) return;
    this.#expectedSince = performance.now();
    this.#hasCome = false;
  }

  /** For how long it has been expected to come round, in ms; 0 while it rests. */
  ageMs(): number {
    return this.#expectedSince === undefined ? 0 : performance.now() - this.#expectedSince;
  }

  /** Whether it came round lately. `slackMs`: how much longer than usual it may take, in ms. */
  isAlive(slackMs = 0): boolean {
    return this.#hasCome && this.ageMs() < STUCK_MS + slackMs;
  }
}

/** What the end of a stuck process needs. */
export type StuckOptions = {
  /** What has not come round, for the message. */
  what: string;
  /** For how long it has been expected to, in ms. */
  ageMs: () => number;
  monitor: Pick<StoreMonitor, 'probe'>;
  /** Ends the process: its host starts another one. */
  fail: (reason: OwnError) => void;
  onError: (error: unknown) => void;
};

/** Ends the process where its loop is stuck although Redis is well. Returns what stops the watch. */
export function endWhenStuck({ what, ageMs, monitor, fail, onError }: StuckOptions, everyMs = LOOKS.everyMs): { close(): void } {
  let found = 0;
  const look = async (): Promise<void> => {
    const isStuck = ageMs() >= STUCK_MS && !(await monitor.probe()) && ageMs() >= HOPELESS_MS; // trouble that ends begins the loop anew
    found = isStuck ? found + 1 : 0;
    if (found < LOOKS.inTurn) return;
    fail(
      new OwnError(`${what} has not come round for ${HOPELESS_MS / 1000} s, although Redis is well; the process ends to be started anew`),
    );
  };
  return { close: startRounds(look, { everyMs, onError }) };
}
