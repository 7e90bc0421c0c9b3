/** Loaded into every server under test: answers what it has used, and ends it if the benchmark is gone. */

/** What a process has used: CPU in µs since it started, memory in bytes. */
export type Usage = { cpu: number; rss: number };

/** V8's collector, as --expose-gc gives it; the last resort also gives empty pages back, and drops compiled code. */
type Collect = (options: { type: 'major'; execution: 'sync'; flavor: 'last-resort' }) => void;

process.on('message', (message) => {
  if (message !== 'usage' && message !== 'settled usage') return;
  const { user, system } = process.cpuUsage();
  if (message === 'settled usage') (globalThis.gc as unknown as Collect)({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  process.send?.({ usage: { cpu: user + system, rss: process.memoryUsage.rss() } satisfies Usage });
});

process.on('disconnect', () => process.exit());
