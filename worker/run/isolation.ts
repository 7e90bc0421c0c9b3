/**
 * Isolation: a job that has lost its workers may be the cause.
 * It must not harm the jobs that run beside it.
 */

/**
 * Decides which jobs may run side by side in this process. A job at its last chance runs
 * beside no other job that has lost a worker. If it kills its worker again, no other
 * such job loses a chance. With fewer losses, jobs that have lost a worker may run side
 * by side: most workers are lost in a deploy, and then all their jobs go on at once.
 */
export class Isolation {
  readonly #maxLosses: number;
  /** By the id of each running job that has lost a worker: whether it is at its last chance. */
  readonly #suspects = new Map<string, boolean>();

  /** `maxLosses`: how many losses a job survives. */
  constructor(maxLosses: number) {
    this.#maxLosses = maxLosses;
  }

  /**
   * Whether a job may run now. If so, it counts as running until
   * it leaves. `losses`: how often it has lost its worker.
   */
  admit({ id, losses }: { id: string; losses: number }): boolean {
    if (losses === 0) return true;
    const lastChance = losses >= this.#maxLosses;
    if (lastChance ? this.#suspects.size > 0 : [...this.#suspects.values()].includes(true)) return false;
    this.#suspects.set(id, lastChance);
    return true;
  }

  leave(id: string): void {
    this.#suspects.delete(id);
  }
}
