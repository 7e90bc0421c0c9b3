/** Time that stands still, for what has no part but timers. */
import { onTestFinished, vi } from 'vitest';

/** Timers and performance.now() go on only by `vi.advanceTimersByTime`, until the test is over. */
export function holdTime(): void {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
}
