/** The flags of Node that the processes of the application run with. */

/**
 * In MiB. Open streams live long, and most other objects live for a moment only. With the default
 * size both share memory pages that can't be freed, and a stream takes almost twice the memory.
 */
const YOUNG_GENERATION = '--max-semi-space-size=8';

/** How V8 keeps the memory of each process. The figures are from `npm run bench -- stream` and `soak`. */
export const HEAP_FLAGS = {
  // Each collection of old garbage holds up the requests that come meanwhile, and streams need more
  // memory with fewer of them.
  api: [YOUNG_GENERATION, '--heap-growing-percent=60'],
  worker: [
    YOUNG_GENERATION,
    // V8 collects old garbage sooner. Without it a worker that has done 100,000 jobs holds 340 MB
    // instead of 160.
    '--heap-growing-percent=30',
  ],
};

/** Node starts a process again when a file of it changes. Its output stays on the screen. */
export const WATCH_FLAGS = ['--watch', '--watch-preserve-output'];
