/** An attempt as the journal shows it: what earlier attempts have finished, and what this one adds. */
import type { Progress, Row } from '../../src/job/snapshot.ts';
import type { History, Journal } from './journal.ts';
import type { Task } from './task.ts';

/** A running attempt. It writes rows and knows how far the job is. */
export class Attempt {
  readonly number: number;
  readonly progress: Progress = { percent: 0, stage: 'queued', items: 0 };
  readonly #journal: Pick<Journal, 'append' | 'push'>;
  readonly #items = new Map<string, unknown[]>();
  #hasChild = false;

  private constructor(number: number, journal: Pick<Journal, 'append' | 'push'>, rows: readonly Row[]) {
    this.number = number;
    this.#journal = journal;
    for (const row of rows) this.#count(row);
  }

  /**
   * Continues from the rows of earlier runs. Writes an `attempt`
   * row if the attempt is a new one, or the job was put off.
   */
  static async begin(
    { attempt, previous }: Task,
    journal: Pick<Journal, 'append' | 'push'>,
    { rows, putOffCode }: History,
  ): Promise<Attempt> {
    const begun = new Attempt(attempt, journal, rows);
    const announced = rows.findLast(({ type }) => type === 'attempt')?.attempt ?? 1;
    if (attempt > announced || putOffCode) {
      await begun.write({ type: 'attempt', attempt, itemsKept: begun.progress.items, code: putOffCode ?? previous });
    }
    return begun;
  }

  /** The finished items of a list. */
  items(list: string): readonly unknown[] {
    return this.#items.get(list) ?? [];
  }

  /** Whether a row says that the job has led to another one. */
  hasChild(): boolean {
    return this.#hasChild;
  }

  async write(row: Row): Promise<void> {
    this.#count(row);
    await this.#journal.append(row, this.progress);
  }

  /** Writes a row without waiting for it; see {@link Journal.push}. */
  async push(row: Row): Promise<void> {
    this.#count(row);
    await this.#journal.push(row, this.progress);
  }

  #count(row: Row): void {
    this.#hasChild ||= row.type === 'child';
    if (row.type === 'attempt' || row.type === 'child') return;
    this.progress.percent = Math.max(this.progress.percent, row.percent);
    if (row.type === 'progress') this.progress.stage = row.stage;
    else if (row.index === this.items(row.list).length) {
      this.#items.set(row.list, [...this.items(row.list), row.value]); // each index is taken once
      this.progress.items++;
    }
  }
}
