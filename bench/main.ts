/**
 * Runs benchmarks. Figures are ratios within one run: machines differ, and are shared.
 *
 * - `npm run bench -- NAME… [--short]`: those that are named, or all. `--short` only shows that they
 *   still work, and writes nothing.
 * - `npm run bench -- check [NAME…] [--counts] [--update]`: compares ratios with the committed ones,
 *   or commits new ones. `--counts` compares only what is counted, which a busy machine does not change.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { check, updateBaseline } from './check.ts';
import { type Bench, type Form, runBench } from './harness.ts';

const all: Record<string, () => Promise<Bench>> = {
  submit: async () => (await import('./submit.ts')).submit,
  run: async () => (await import('./run.ts')).runJobs,
  poll: async () => (await import('./poll.ts')).poll,
  stream: async () => (await import('./stream.ts')).stream,
  'stream-capacity': async () => (await import('./stream-capacity.ts')).streamCapacity,
  scale: async () => (await import('./scale.ts')).scale,
  'first-item': async () => (await import('./first-item.ts')).firstItem,
  start: async () => (await import('./start.ts')).start,
  growth: async () => (await import('./growth.ts')).growth,
  turns: async () => (await import('./turns.ts')).turns,
  offline: async () => (await import('./offline.ts')).offline,
  metrics: async () => (await import('./metrics.ts')).metrics,
  traces: async () => (await import('./traces.ts')).traces,
  kinds: async () => (await import('./kinds.ts')).jobsByKind,
  page: async () => (await import('./page.ts')).page,
  hostile: async () => (await import('./hostile.ts')).hostile,
  soak: async () => (await import('./soak.ts')).soak,
};

if (!existsSync(new URL('node_modules', import.meta.url))) {
  process.stderr.write('the servers that ai-jobs is compared with are not installed: npm ci --prefix bench\n');
  process.exit(2);
}

// The processes that a bench has started end when this one exits, but not when a signal ends it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const flag = { type: 'boolean', default: false } as const;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { short: flag, guard: flag, counts: flag, update: flag } });
const checks = positionals[0] === 'check';
const named = checks ? positionals.slice(1) : positionals;
const unknown = named.filter((name) => !(name in all));
if (unknown.length > 0) {
  process.stderr.write(`there is no benchmark ${unknown.join(', ')}; there are: check, ${Object.keys(all).join(', ')}\n`);
  process.exit(2);
}
const benches = new Map<string, Bench>();
for (const [name, load] of Object.entries(all)) if (named.length === 0 || named.includes(name)) benches.set(name, await load());

process.exit((await (checks ? guard() : measure())) ? 0 : 1); // connections and timers of a bench may still be open

async function guard(): Promise<boolean> {
  const form = values.counts ? 'counts' : 'guard';
  const guarded = [...benches].flatMap(([name, { limitS }]) => (limitS[form] === undefined ? [] : [name]));
  if (!values.update) return check(guarded, form);
  await updateBaseline(guarded, form);
  return true;
}

async function measure(): Promise<boolean> {
  const form: Form = values.counts ? 'counts' : values.guard ? 'guard' : values.short ? 'short' : 'normal';
  for (const [name, bench] of benches) {
    const { text, pairs } = await runBench(name, bench, form);
    process.stdout.write(`\n${text}`);
    process.send?.(pairs ?? {}); // to check.ts
    if (form === 'normal') writeFileSync(new URL(`results/${name}.md`, import.meta.url), text);
  }
  return true;
}
