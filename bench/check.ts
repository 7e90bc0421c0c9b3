/** The guard: compares ratios of a short run with the committed ones, never absolute times, and fails if one has become worse. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lines, median, sum } from './figures.ts';
import type { Form, Pair } from './harness.ts';
import { killAtExit } from './processes.ts';

/** The forms that are compared: everything, or only what is counted. */
type GuardForm = Extract<Form, 'guard' | 'counts'>;

/** A committed ratio: the median of several runs, and the highest of them. */
type Committed = { ratio: number; highest: number };

/** A ratio of this run, and how high it may be. */
type Seen = { ratio: number; committed: number; limit: number };

const FILE = new URL('results/baseline.json', import.meta.url);

/** How often everything is measured for a new baseline. */
const UPDATE_RUNS = 3;

type Pairs = Record<string, Pair>;

/**
 * Runs the benches with these names in this form, and compares. A bench that fails, or in which something is worse, is run a second
 * time, and the better one of its two ratios counts. Prints a table. Resolves with whether all is well.
 * @throws Error if a bench fails twice
 */
export async function check(names: readonly string[], form: GuardForm): Promise<boolean> {
  const baseline = readBaseline();
  const seen = new Map<string, Seen>();
  for (const name of names) {
    const first = await measure(name, form).catch((error: unknown) => void process.stderr.write(`${String(error)}; once more\n`));
    const worse = first === undefined || Object.entries(first).some(([what, pair]) => isWorse(compare(pair, baseline[what])));
    const runs = [first ?? {}, worse ? await measure(name, form) : {}];
    for (const [what, pair] of runs.flatMap((pairs) => Object.entries(pairs))) {
      const [before, now] = [seen.get(what), compare(pair, baseline[what])];
      if (!before || now.ratio < before.ratio) seen.set(what, now);
    }
  }
  const rows = [...seen].map(([what, one]) => [what, ...[one.ratio, one.committed, one.limit].map(show), isWorse(one) ? 'WORSE' : '']);
  process.stdout.write(`\n${lines(['', 'ratio', 'committed', 'limit', ''], rows)}\n\n`);
  const failed = [...seen].filter(([, one]) => isWorse(one)).map(([what]) => what);
  process.stdout.write(
    failed.length === 0
      ? 'Nothing is worse than what is committed.\n'
      : `Worse in two runs: ${failed.join('; ')}.\nIf that is meant: npm run bench -- check${form === 'counts' ? ' --counts' : ''} --update\n`,
  );
  return failed.length === 0;
}

/** Measures several times, and writes what is found as the new baseline. What other benches have in it stays. */
export async function updateBaseline(names: readonly string[], form: GuardForm): Promise<void> {
  const found = new Map<string, number[]>();
  for (let run = 0; run < UPDATE_RUNS; run++) {
    for (const name of names) {
      for (const [what, pair] of Object.entries(await measure(name, form))) found.set(what, [...(found.get(what) ?? []), ratioOf(pair)]);
    }
  }
  const baseline = readBaseline();
  const round = (value: number) => Number(value.toFixed(3));
  for (const [what, ratios] of found) baseline[what] = { ratio: round(median(ratios)), highest: round(Math.max(...ratios)) };
  writeFileSync(FILE, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

const readBaseline = () => JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Committed>;

/** Runs a bench in a process of its own, so that one that fails leaves nothing behind. The form `counts` finds only what is counted. */
async function measure(name: string, form: GuardForm): Promise<Pairs> {
  const child = fork(fileURLToPath(new URL('main.ts', import.meta.url)), [name, `--${form}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  void killAtExit(child);
  let pairs: Pairs | undefined;
  child.on('message', (message) => (pairs = message as Pairs));
  await once(child, 'exit');
  if (!pairs) throw new Error(`the bench ${name} failed`);
  return form === 'guard' ? pairs : Object.fromEntries(Object.entries(pairs).filter(([, { counted }]) => counted));
}

/** All that ours took against all that the other took. Of medians, lowest values and totals, totals differ least on a busy machine. */
const ratioOf = ({ ours, base }: Pair): number => sum(ours) / sum(base);

/** A ratio may be as high as it was in any run for the baseline. A ratio that is not in the baseline has no limit that it keeps. */
function compare(pair: Pair, committed: Committed | undefined): Seen {
  const { ratio, highest } = committed ?? { ratio: Number.NaN, highest: Number.NaN };
  return { ratio: ratioOf(pair), committed: ratio, limit: Math.max(ratio * pair.tolerance, highest) };
}

const isWorse = ({ ratio, limit }: Seen): boolean => !(ratio <= limit);

const show = (value: number): string => value.toFixed(2);
