/** The time that an attempt has. */
import type { Task } from './task.ts';

/**
 * A deadline that can be lifted, or moved to so long from now. When it is over, it
 * stops the task, with a reason like that of AbortSignal.timeout. Redis' trouble does
 * not count: a run that waits with what it has paid for must not be stopped for it.
 */
export class Deadline {
  readonly #task: Pick<Task, 'signal' | 'stop'>;
  readonly #ms: number;
  readonly #troubleMs: () => number;
  #isOver = false;
  #until: number;
  #troubleBefore: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(task: Pick<Task, 'signal' | 'stop'>, ms: number, troubleMs: () => number) {
    this.#task = task;
    this.#ms = ms;
    this.#troubleMs = troubleMs;
    this.#until = performance.now() + ms;
    this.#troubleBefore = troubleMs();
    this.#arm();
  }

  isOver(): boolean {
    return this.#isOver;
  }

  move(): void {
    this.#until = performance.now() + this.#ms;
    this.#troubleBefore = this.#troubleMs();
  }

  lift(): void {
    clearTimeout(this.#timer);
  }

  #arm(): void {
    this.#timer = setTimeout(() => this.#end(), this.#until - performance.now());
  }

  #end(): void {
    const now = this.#troubleMs();
    this.#until += now - this.#troubleBefore;
    this.#troubleBefore = now;
    if (this.#until > performance.now()) return this.#arm();
    this.#isOver = !this.#task.signal.aborted;
    this.#task.stop(new DOMException('the attempt took too long', 'TimeoutError'));
  }
}
