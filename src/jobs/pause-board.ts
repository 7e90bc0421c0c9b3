/**
 * What a process knows of operators' pauses: read once a second
 * at most, and put into what is read of jobs.
 */
import type { Snapshot } from '../job/snapshot.ts';
import type { Store } from '../store/store.ts';
import { createReadOrders, type OperatorPause, pauseOf } from './operator-pauses.ts';
import type { KnownWorker } from './worker-registry.ts';

/** How old what is known may be, in ms. */
const KNOWN_MS = 1000;

/** See above. `workers`: reads who is there, by whose providers a kind is paused. */
export class PauseBoard {
  readonly #readOrders;
  readonly #workers: (maxAgeMs: number) => Promise<KnownWorker[]>;
  #latest: { at: number; pauses: Promise<OperatorPause[]> } | undefined;

  constructor(store: Store, workers: (maxAgeMs: number) => Promise<KnownWorker[]>) {
    this.#readOrders = createReadOrders(store);
    this.#workers = workers;
  }

  /** Reads the pauses now. */
  read(): Promise<OperatorPause[]> {
    const pauses = this.#readOrders().then((orders) => orders.pauses);
    const latest = { at: performance.now(), pauses };
    this.#latest = latest;
    pauses.catch(() => {
      if (this.#latest === latest) this.#latest = undefined;
    });
    return pauses;
  }

  /** What is known is not true any more. */
  forget(): void {
    this.#latest = undefined;
  }

  /** Puts its pause into a job that waits. Where pauses can't be read the job is as it is. */
  async show(snapshot: Snapshot): Promise<Snapshot> {
    if (snapshot.status !== 'waiting') return snapshot;
    const pauses = await this.known().catch(() => []);
    if (pauses.length === 0) return snapshot;
    const pause = pauseOf(snapshot.kind, pauses, await this.#workers(KNOWN_MS).catch(() => []));
    if (!pause) return snapshot;
    const { reason, since, until } = pause;
    return { ...snapshot, paused: { reason, since, until } };
  }

  /** What was known at most a second ago. */
  known(): Promise<OperatorPause[]> {
    const isFresh = this.#latest && performance.now() - this.#latest.at < KNOWN_MS;
    return isFresh && this.#latest ? this.#latest.pauses : this.read();
  }
}
