/** The time that an attempt has. */
import type { Task } from './task.ts';

/**
 * Starts a deadline that can be lifted, or moved to so long from now. When it is over, it stops the task, with a reason like that of AbortSignal.timeout. Redis'
 * trouble does not count: a run that waits with what it has paid for must not be stopped for it.
 */
export function startDeadline(
  { signal, stop }: Pick<Task, 'signal' | 'stop'>,
  ms: number,
  troubleMs: () => number,
): { isOver(): boolean; move(): void; lift(): void } {
  let isOver = false;
  let until = performance.now() + ms;
  let before = troubleMs();
  let timer: ReturnType<typeof setTimeout>;
  const arm = (): void => {
    timer = setTimeout(end, until - performance.now());
  };
  const end = (): void => {
    const now = troubleMs();
    until += now - before;
    before = now;
    if (until > performance.now()) return arm();
    isOver = !signal.aborted;
    return stop(new DOMException('the attempt took too long', 'TimeoutError'));
  };
  arm();
  return {
    isOver: () => isOver,
    move() {
      [until, before] = [performance.now() + ms, troubleMs()];
    },
    lift: () => clearTimeout(timer),
  };
}
