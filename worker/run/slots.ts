/**
 * The slots of a process: how many jobs it runs at once over all its
 * lanes, and which lane is next where that is less than they want.
 */
import type { Lane } from '../../src/store/keys.ts';

/**
 * For how long a fetched job that has not begun holds its slot, in ms:
 * BullMQ drops a job that it can't read, and says so to nobody.
 */
const NOT_BEGUN_MS = 5000;

/** A slot with which a job is being fetched. */
export type Slot = {
  /** The fetch is over: the job that it has brought holds the slot; without one the slot is free. */
  settle(jobId: string | undefined): void;
};

/** A job that holds a slot. `begun`: BullMQ runs it. */
type Holder = { lane: Lane; since: number; begun: boolean };

/**
 * Gives slots to lanes. A lane that was refused one waits, until it gets one. The last slots are
 * kept for lanes that wait and hold none: so one lane never takes the last slot of another that
 * has jobs, and with one slot for all of them the lanes take turns.
 */
export class Slots {
  readonly #total: number;
  readonly #now: () => number;
  readonly #fetching = new Set<{ lane: Lane }>();
  /** By the jobs' ids. */
  readonly #holders = new Map<string, Holder>();
  /** Lanes that wait, the one that waits longest first. */
  readonly #waiting = new Set<Lane>();
  readonly #waits = new Set<{ lane: Lane; end: () => void }>();
  #isHeld: (lane: Lane) => boolean = () => false;
  #closed = false;

  /** `total`: how many slots there are. `now`: a clock in ms. */
  constructor(total: number, now = () => performance.now()) {
    this.#total = total;
    this.#now = now;
  }

  /** No job of lanes of which this says so is taken. To be called again when it says otherwise. */
  hold(isHeld: (lane: Lane) => boolean): void {
    this.#isHeld = isHeld;
    this.#endWaits();
  }

  /** How many slots are taken. */
  get taken(): number {
    return this.#fetching.size + this.#holders.size;
  }

  /**
   * A slot to fetch a job of a lane with; undefined if there is
   * none for it now, and then the lane waits.
   */
  take(lane: Lane): Slot | undefined {
    this.#giveUpNotBegun();
    if (this.#closed) return undefined;
    if (!this.#mayTake(lane)) {
      this.#waiting.add(lane);
      return undefined;
    }
    this.#waiting.delete(lane);
    const fetching = { lane };
    this.#fetching.add(fetching);
    return {
      settle: (jobId) => {
        if (!this.#fetching.delete(fetching)) return;
        if (jobId !== undefined) this.#holders.set(jobId, { lane, since: this.#now(), begun: false });
        this.#endWaits();
      },
    };
  }

  /** BullMQ runs a job of a lane from now on. */
  begin(lane: Lane, jobId: string): void {
    this.#holders.set(jobId, { lane, since: this.#now(), begun: true });
  }

  /** BullMQ does not run the job any more. One that was fetched again and has not begun keeps its slot. */
  end(jobId: string): void {
    if (this.#holders.get(jobId)?.begun !== true) return;
    this.#holders.delete(jobId);
    this.#endWaits();
  }

  /** Whether a lane waits for a slot. */
  isWaiting(lane: Lane): boolean {
    return this.#waiting.has(lane);
  }

  /** Resolves once there may be a slot for a lane, or after so many ms, or when this is closed. */
  async available(lane: Lane, ms: number): Promise<void> {
    this.#giveUpNotBegun();
    if (this.#closed || this.#mayTake(lane)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => wait.end(), ms);
    const wait = {
      lane,
      end: () => {
        clearTimeout(timer);
        this.#waits.delete(wait);
        resolve();
      },
    };
    this.#waits.add(wait);
    await promise;
  }

  /** Gives no slots any more: the process stops. */
  close(): void {
    this.#closed = true;
    for (const { end } of this.#waits) end();
  }

  /** Whether there are more free slots than lanes that hold none and wait for longer. */
  #mayTake(lane: Lane): boolean {
    if (this.#isHeld(lane)) return false;
    const holding = new Set([...this.#fetching, ...this.#holders.values()].map((one) => one.lane));
    let before = 0;
    for (const other of this.#waiting) {
      if (other === lane && !holding.has(lane)) break;
      if (other !== lane && !holding.has(other) && !this.#isHeld(other)) before++;
    }
    return this.#total - this.taken > before;
  }

  #endWaits(): void {
    for (const { lane, end } of this.#waits) if (this.#mayTake(lane)) end();
  }

  /** Who waits asks again within some seconds, so no timer is needed. */
  #giveUpNotBegun(): void {
    const before = this.#now() - NOT_BEGUN_MS;
    for (const [jobId, { begun, since }] of this.#holders) if (!begun && since < before) this.#holders.delete(jobId);
  }
}
