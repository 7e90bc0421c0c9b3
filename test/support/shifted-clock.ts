/** Loaded by Node before a process' main: its wall clock is wrong by CLOCK_AHEAD_MS from its first moment on. Monotonic time and timers are as they were. */
const aheadMs = Number(process.env['CLOCK_AHEAD_MS']);
const Right = Date;

globalThis.Date = class extends Right {
  constructor(...args: [] | [value: number | string | Date]) {
    if (args.length === 0) super(Right.now() + aheadMs);
    else super(...args);
  }

  static override now(): number {
    return Right.now() + aheadMs;
  }
} as DateConstructor;
