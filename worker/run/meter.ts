/**
 * The paid calls of a run. Each is noted before it is made, while it goes on and at its end,
 * whatever ends it.
 */
import type { Logger } from 'pino';
import type { DetailedUsage } from '../../src/job/price.ts';
import type { Author, Usage } from '../../src/job/snapshot.ts';
import type { CallEntry, Spending } from './spending.ts';
import type { Call } from '../capabilities.ts';
import type { AddCost } from '../prices.ts';

/** A call's usage is written when it has grown by so many tokens, at the latest. */
const STEP = 256;

/** Takes what a call of this author has used. */
type OnUsed = (author: Author, used: Usage) => void;

/** Counts the calls of one run. */
export class Meter {
  readonly #spending: Spending;
  readonly #addCost: AddCost;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #onUsed: OnUsed;
  readonly #calls: MeteredCall[] = [];
  /** How many calls had begun when something was kept last. */
  #begunWhenKept = 0;

  /** `onUsed`: called when it is known what a call has used. */
  constructor(spending: Spending, addCost: AddCost, log: Pick<Logger, 'warn'>, onUsed: OnUsed = () => {}) {
    this.#onUsed = onUsed;
    this.#spending = spending;
    this.#addCost = addCost;
    this.#log = log;
  }

  /** Begins a call; see Report. */
  async startCall(expected: DetailedUsage, author: Author): Promise<Call> {
    const withCost = (used: DetailedUsage) => this.#addCost(used, author);
    const known = withCost(expected);
    const call = new MeteredCall(known, await this.#spending.open(known), withCost, {
      log: this.#log,
      onUsed: (used) => this.#onUsed(author, used),
    });
    this.#calls.push(call);
    return call;
  }

  /** Counts an item that was not usable, of the answer to the call that was started last. */
  drop(): void {
    this.#calls.at(-1)?.drop();
  }

  /** Sends what is known by now to Redis, before anything that is written after this call. */
  flush(): void {
    for (const call of this.#calls) call.flush();
  }

  /** Something was kept for later attempts. What the calls until now were paid for is not lost. */
  kept(): void {
    this.#begunWhenKept = this.#calls.length;
  }

  /** Whether a call was paid for, and nothing was kept since it began. */
  inVain(): boolean {
    return this.#calls.slice(this.#begunWhenKept).some((call) => call.isPaid);
  }

  /** Settles all open calls, because the run is over. Resolves when everything is written. */
  async close(): Promise<void> {
    await Promise.all(this.#calls.map((call) => call.close()));
  }
}

/** One call. A note that can't be written is logged and changes nothing else. */
class MeteredCall implements Call {
  isPaid = false;
  readonly #expected: Usage;
  readonly #entry: CallEntry;
  readonly #withCost: (used: DetailedUsage) => Usage;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #onUsed: (used: Usage) => void;
  readonly #writing = new Set<Promise<void>>();
  #isOpen = true;
  /** Undefined until a response begins. Its cost is added when it is written: most notes never are. */
  #used: DetailedUsage | undefined;
  #written: Usage;
  #dropped = 0;

  constructor(
    expected: Usage,
    entry: CallEntry,
    withCost: (used: DetailedUsage) => Usage,
    { log, onUsed }: { log: Pick<Logger, 'warn'>; onUsed: (used: Usage) => void },
  ) {
    this.#onUsed = onUsed;
    this.#expected = this.#written = expected;
    this.#entry = entry;
    this.#withCost = withCost;
    this.#log = log;
  }

  note(used: DetailedUsage): void {
    if (!this.#isOpen) return;
    this.#used = used;
    if (tokensOf(used) - tokensOf(this.#written) >= STEP) void this.#write(this.#whole(used));
  }

  /** Resolves at once: who must know that the note is written waits for {@link MeteredCall.close}. */
  async settle(used: DetailedUsage | undefined): Promise<void> {
    const now = used && this.#whole(used);
    this.isPaid = now !== undefined && isBilled(now);
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#used = used;
    if (now) this.#onUsed(now);
    // A call that came to what it was expected to, such as a free one, is noted already.
    if (!now || this.#written !== this.#expected || !isSame(now, this.#expected)) void this.#write(now);
  }

  used(): Usage | undefined {
    return this.#used && this.#whole(this.#used);
  }

  drop(): void {
    this.#dropped++;
  }

  flush(): void {
    if (this.#isOpen && this.#used && tokensOf(this.#used) !== tokensOf(this.#written)) void this.#write(this.#whole(this.#used));
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.settle(this.#used);
    await Promise.all(this.#writing);
  }

  #whole(used: DetailedUsage): Usage {
    return this.#withCost(this.#dropped === 0 ? used : { ...used, dropped: this.#dropped });
  }

  #write(now: Usage | undefined): Promise<void> {
    this.#written = now ?? this.#expected;
    const note = this.#entry.note(now).catch((error: unknown) => this.#log.warn({ err: error }, 'usage not noted'));
    this.#writing.add(note);
    return note.finally(() => this.#writing.delete(note));
  }
}

/**
 * Whether a vendor bills any of it. What costs nothing, such as the offline generator, counts
 * nothing.
 */
function isBilled({ inputTokens, outputTokens, characters = 0, seconds = 0, images = 0, costUsd }: Usage): boolean {
  return costUsd === undefined ? inputTokens + outputTokens + characters + seconds + images > 0 : costUsd > 0;
}

function tokensOf({ inputTokens, outputTokens }: DetailedUsage): number {
  return inputTokens + outputTokens;
}

function isSame(one: Usage, other: Usage): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
