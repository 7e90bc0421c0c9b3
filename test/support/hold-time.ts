/** Time that stands still for a test. */
import { onTestFinished, vi } from 'vitest';
import { pass } from './waits.ts';

/** Timers and performance.now() go on only by `vi.advanceTimersByTime`, until the test is over. For what has no part but timers. */
export function holdTime(): void {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}

/** The date stands still until the test is over, so that no day ends in it; timers go on. Returns the moment, in ms since the epoch. */
export function holdDate(now = Date.now()): number {
  vi.useFakeTimers({ toFake: ['Date'], now });
  onTestFinished(() => void vi.useRealTimers());
  return now;
}

const DAY_MS = 24 * 3600 * 1000;

/** Waits for the next day where this one ends within so many ms, before tests of processes that count by days of UTC. */
export async function awayFromMidnight(ms = 60_000): Promise<void> {
  const left = DAY_MS - (Date.now() % DAY_MS);
  // oxlint-disable-next-line tests/no-clock -- it decides whether to wait, and asserts nothing
  if (left < ms) await pass(left);
}
