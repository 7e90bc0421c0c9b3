/**
 * Work that each member of a set is due for once in an interval. Members come due one after the
 * other, as they were added. If all were served at once, thousands of them would hold up the
 * process for a fifth of a second.
 */

/** A set whose members come due one after the other. */
export class Staggered<T> {
  /** When each was added or last due, in ms on performance.now()'s clock; the longest ago first. */
  readonly #since = new Map<T, number>();

  get size(): number {
    return this.#since.size;
  }

  add(member: T): void {
    this.#since.set(member, performance.now());
  }

  delete(member: T): boolean {
    return this.#since.delete(member);
  }

  all(): Iterable<T> {
    return this.#since.keys();
  }

  /**
   * Takes those that were added or due at least `intervalMs` ago. To be called often in an interval:
   * who comes due between two calls is taken at the second.
   */
  takeDue(intervalMs: number): T[] {
    const now = performance.now();
    const due: T[] = [];
    for (const [member, since] of this.#since) {
      if (now - since < intervalMs) break;
      due.push(member);
    }
    for (const member of due) this.#postpone(member, intervalMs, now);
    return due;
  }

  /**
   * Puts a member at the end. It is due an interval after it was due, not after it was taken:
   * otherwise all whom one call takes would come due together for ever.
   */
  #postpone(member: T, intervalMs: number, now: number): void {
    const due = (this.#since.get(member) ?? now) + intervalMs;
    this.#since.delete(member);
    this.#since.set(member, now - due < intervalMs ? due : now); // later than that if the process slept
  }
}
