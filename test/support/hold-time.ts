/** Time that stands still for a test. */
import { onTestFinished, vi } from 'vitest';

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
