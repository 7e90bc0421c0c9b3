/** Loaded into every server under test: answers what it has used, after a garbage collection. */

/** What a process has used: CPU in µs since it started, memory in bytes. */
export type Usage = { cpu: number; rss: number };

process.on('message', (message) => {
  if (message !== 'probe') return;
  globalThis.gc?.();
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  process.send?.({ usage: { cpu: user + system, rss: process.memoryUsage.rss() } satisfies Usage });
});
