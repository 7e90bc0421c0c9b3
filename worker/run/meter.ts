/** Counts the paid calls of a run. Each is noted before it is made, while it goes on and at its end, whatever ends it. */
import type { Logger } from 'pino';
import type { DetailedUsage } from '../../src/job/price.ts';
import type { Author, Usage } from '../../src/job/snapshot.ts';
import type { Spending } from './spending.ts';
import type { Call } from '../capabilities.ts';
import type { AddCost } from '../prices.ts';

/** Counts the calls of one run. */
export type Meter = {
  startCall(expected: DetailedUsage, author: Author): Promise<Call>;
  /** Counts an item that was not usable, of the answer to the call that was started last. */
  drop(): void;
  /** Sends what is known by now to Redis, before anything that is written after this call. */
  flush(): void;
  /** Something was kept for later attempts. What the calls until now were paid for is not lost. */
  kept(): void;
  /** Whether a call was paid for, and nothing was kept since it began. */
  inVain(): boolean;
  /** Settles all open calls, because the run is over. Resolves when everything is written. */
  close(): Promise<void>;
};

/** A call's usage is written when it has grown by so many tokens, at the latest. */
const STEP = 256;

/** Makes a meter that writes to a run's spending. A note that can't be written is logged and changes nothing else. */
export function createMeter(spending: Spending, addCost: AddCost, log: Pick<Logger, 'warn'>): Meter {
  type Open = { flush(): void; close(): Promise<void> };
  const open = new Set<Open>();
  const unkept = new Set<{ isPaid: boolean }>(); // calls since whose beginning nothing was kept
  const writing = new Set<Promise<void>>();
  let drop = (): void => {};

  const startCall: Meter['startCall'] = async (unpriced, author) => {
    const expected = addCost(unpriced, author);
    const entry = await spending.open(expected);
    const outlay = { isPaid: false };
    unkept.add(outlay);
    let used: Usage | undefined; // undefined until a response begins
    let written = expected;
    let dropped = 0;
    drop = () => void dropped++;
    const whole = (usage: DetailedUsage): Usage => addCost(dropped === 0 ? usage : { ...usage, dropped }, author);

    const write = (now: Usage | undefined): Promise<void> => {
      written = now ?? expected;
      const note = entry.note(now).catch((error: unknown) => log.warn({ err: error }, 'usage not noted'));
      writing.add(note);
      return note.finally(() => writing.delete(note));
    };
    const settle = async (now: Usage | undefined): Promise<void> => {
      outlay.isPaid = now !== undefined && isPaid(now);
      // A call that came to what it was expected to, such as a free one, is noted already.
      if (open.delete(self) && !(now && written === expected && isSame(now, expected))) await write(now);
    };
    const self: Open = {
      flush: () => void (used && tokensOf(used) !== tokensOf(written) && write(used)),
      close: () => settle(used && whole(used)),
    };
    open.add(self);
    return {
      settle: (now) => settle(now && whole(now)),
      note(now) {
        if (!open.has(self)) return;
        used = whole(now);
        if (tokensOf(now) - tokensOf(written) >= STEP) void write(used);
      },
    };
  };

  return {
    startCall,
    drop: () => drop(),
    kept: () => unkept.clear(),
    inVain: () => [...unkept].some((call) => call.isPaid),
    flush: () => open.forEach((call) => call.flush()),
    async close() {
      await Promise.all([...open].map((call) => call.close()));
      await Promise.all(writing);
    },
  };
}

/** Whether a vendor bills any of it. What costs nothing, such as the offline generator, counts nothing. */
function isPaid({ inputTokens, outputTokens, characters = 0, seconds = 0, images = 0, costUsd }: Usage): boolean {
  return costUsd === undefined ? inputTokens + outputTokens + characters + seconds + images > 0 : costUsd > 0;
}

function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return inputTokens + outputTokens;
}

function isSame(one: Usage, other: Usage): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
