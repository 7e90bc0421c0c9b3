/** `npm run bench -- NAME… [--short | --guard]`: runs benchmarks by name, or all of them. Figures are ratios within one run: machines differ, and are shared. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Bench, type Form, runBench } from './harness.ts';

const benches: Record<string, () => Promise<Bench>> = {
  submit: async () => (await import('./submit.ts')).submit,
  run: async () => (await import('./run.ts')).runJobs,
  poll: async () => (await import('./poll.ts')).poll,
  stream: async () => (await import('./stream.ts')).stream,
  'first-item': async () => (await import('./first-item.ts')).firstItem,
  start: async () => (await import('./start.ts')).start,
  growth: async () => (await import('./growth.ts')).growth,
  turns: async () => (await import('./turns.ts')).turns,
  offline: async () => (await import('./offline.ts')).offline,
};

const flag = { type: 'boolean', default: false } as const;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { short: flag, guard: flag } });
const form: Form = values.guard ? 'guard' : values.short ? 'short' : 'normal';
const unknown = positionals.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`there is no benchmark ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}\n`);
  process.exit(2);
}
for (const [name, load] of Object.entries(benches)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const report = await runBench(name, await load(), form);
  if (!report) continue;
  const { text } = report;
  process.stdout.write(`\n${text}`);
  if (form === 'normal') writeFileSync(new URL(`results/${name}.md`, import.meta.url), text);
}
process.exit(0); // connections and timers of a bench may still be open
