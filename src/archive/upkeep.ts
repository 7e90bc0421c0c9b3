/**
 * Upkeep of the archive: erases what users have erased, deletes what is too old, and says whether
 * the archive is behind.
 */
import type { Clock } from '../store/clock.ts';
import { CLOSE_MS } from '../ends/outbox.ts';
import { atMost, Pauses } from '../store/pauses.ts';
import type { ArchiveWriter } from './archive.ts';
import type { PendingErasures } from './pending-erasures.ts';
import type { ArchiveOutbox } from './outbox.ts';

/** The parts that the upkeep uses. */
export type ArchiveUpkeepOptions = {
  outbox: Pick<ArchiveOutbox, 'state' | 'markBehind'>;
  erasures: Pick<PendingErasures, 'noted' | 'forget'>;
  writer: Pick<ArchiveWriter, 'erase' | 'endedBefore'>;
  isKept: (jobId: string) => Promise<boolean>;
  clock: Clock;
  /** How long jobs are archived, in ms; undefined for ever. */
  retentionMs?: number | undefined;
  onError: (error: unknown) => void;
};

/**
 * How long an erasure is repeated, at distances that double, in ms. By then every write that was on
 * its way has ended; a file may take a minute.
 */
const ERASING_MS = 120_000;

/** From which lag on the archive counts as behind, in ms. */
const BEHIND_MS = 30_000;

/** How many erasures, or old jobs, are worked on in one go. */
const BATCH = 100;

/** How often there is a round, in ms. */
const ROUND_MS = 5000;

/** The upkeep runs from when it is made until it is closed. */
export class ArchiveUpkeep {
  readonly #options: ArchiveUpkeepOptions;
  /** How old each erasure was when it was last carried out here, in ms. */
  readonly #erased = new Map<string, number>();
  readonly #pauses = new Pauses();
  readonly #running: Promise<void>;
  #isClosed = false;

  constructor(options: ArchiveUpkeepOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pauses.wake();
    await atMost(CLOSE_MS, this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      await this.#round();
      if (!this.#isClosed) await this.#pauses.pause(ROUND_MS);
    }
  }

  /** A part that fails does not stop the others. */
  async #round(): Promise<void> {
    const { outbox, onError } = this.#options;
    await outbox
      .state()
      .then(({ lagMs }) => outbox.markBehind(lagMs > BEHIND_MS))
      .catch(onError);
    await this.#erase().catch(onError);
    await this.#deleteOld().catch(onError);
  }

  async #erase(): Promise<void> {
    const { erasures, writer, isKept, clock, onError } = this.#options;
    for (const erasure of await erasures.noted(BATCH)) {
      const key = JSON.stringify(erasure);
      const age = clock.now() - erasure.at;
      const isOver = age > ERASING_MS;
      if (!isOver && age < 2 * (this.#erased.get(key) ?? 0)) continue;
      try {
        await writer.erase(erasure.target, isKept);
        this.#erased.set(key, age);
        if (!isOver) continue;
        await erasures.forget(erasure);
        this.#erased.delete(key);
      } catch (error) {
        onError(error); // one that fails holds back no other
      }
    }
  }

  async #deleteOld(): Promise<void> {
    const { writer, isKept, clock, retentionMs } = this.#options;
    if (retentionMs === undefined) return;
    for (const old of await writer.endedBefore(clock.now() - retentionMs, BATCH)) await writer.erase(old, isKept);
  }
}
