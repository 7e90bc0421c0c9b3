/** An attempt as the journal shows it: what earlier attempts have finished, and what this one adds. */
import type { Progress, Row } from '../../src/job/snapshot.ts';
import type { History, Journal } from './journal.ts';
import type { Task } from './task.ts';

/** A running attempt. It writes rows and knows how far the job is. */
export type Attempt = {
  number: number;
  progress: Progress;
  /** The finished items of each list. */
  items: Map<string, unknown[]>;
  /** Whether a row says that the job has led to another one. */
  hasChild(): boolean;
  write(row: Row): Promise<void>;
};

/** Continues from the rows of earlier runs. Writes an `attempt` row if the attempt is a new one, or the job was put off. */
export async function beginAttempt({ attempt, previous }: Task, journal: Journal, { rows, putOffCode }: History): Promise<Attempt> {
  const progress: Progress = { percent: 0, stage: 'queued', items: 0 };
  const items = new Map<string, unknown[]>();
  let hasChild = false;

  const count = (row: Row): void => {
    hasChild ||= row.type === 'child';
    if (row.type === 'attempt' || row.type === 'child') return;
    progress.percent = Math.max(progress.percent, row.percent);
    if (row.type === 'progress') progress.stage = row.stage;
    else {
      const list = items.get(row.list) ?? [];
      if (row.index !== list.length) return; // each index is taken once
      items.set(row.list, [...list, row.value]);
      progress.items++;
    }
  };
  rows.forEach(count);

  const write = async (row: Row): Promise<void> => {
    count(row);
    await journal.append(row, progress);
  };
  const announced = rows.findLast(({ type }) => type === 'attempt')?.attempt ?? 1;
  if (attempt > announced || putOffCode) {
    await write({ type: 'attempt', attempt, itemsKept: progress.items, code: putOffCode ?? previous });
  }
  return { number: attempt, progress, items, write, hasChild: () => hasChild };
}
