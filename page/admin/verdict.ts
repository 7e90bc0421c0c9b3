/** Whether all is right, and if not, what an operator looks at first. */
import { timeIn } from '../figures.ts';
import type { ErrorGroup, Ready, Stats, Worker } from './answers.ts';
import { countIn, spanIn } from './words.ts';

/** How bad something is: `bad` wants somebody now, `warn` soon, `good` nobody. */
export type Level = 'good' | 'warn' | 'bad';

/** What is to be looked at. `href`: where. */
export type Point = { level: Exclude<Level, 'good'>; text: string; href?: string };

/** What is known. `trouble`: why the API is not ready. `oldestS`: how long the oldest job has waited. */
export type Known = {
  stats: Stats;
  ready: Ready;
  trouble: string | undefined;
  errors: readonly ErrorGroup[];
  workers: readonly Worker[];
  oldestS: number;
};

/** A job that has waited for longer is waited for too long, in s: as the alert has it. */
const OLDEST_S = 300;

/** A worker that has looked for no jobs for longer hangs, in ms: it looks each few seconds. */
const LOOP_MS = 30_000;

/** The share of jobs that may fail: as the alert has it. */
const SHARE = 0.1;

/** What there is to look at, the worst first. */
export function pointsOf(known: Known): Point[] {
  const found = [...troubles(known), ...slowness(known), ...failures(known), ...orders(known), ...chores(known)];
  return found.toSorted((one, other) => Number(one.level === 'warn') - Number(other.level === 'warn'));
}

/** The worst of the points. */
export function levelOf(points: readonly Point[]): Level {
  return points[0]?.level ?? 'good';
}

/** The share of jobs that have failed in the last minute; undefined where none has ended. */
export function failedShare({ perMinute: { completed, failed } }: Stats): number | undefined {
  return completed + failed === 0 ? undefined : failed / (completed + failed);
}

function* troubles({ stats, trouble, workers }: Known): Generator<Point> {
  if (trouble !== undefined) yield { level: 'bad', text: `The API is not ready: ${trouble}` };
  const { waiting, delayed } = stats.counts;
  if (stats.workers === 0) yield { level: waiting + delayed > 0 ? 'bad' : 'warn', text: 'No worker lives: no job begins.' };
  for (const { name, live, loopAgeMs = 0 } of workers)
    if (live && loopAgeMs > LOOP_MS) yield { level: 'bad', text: `${name} has looked for no jobs for ${spanIn(loopAgeMs)}.` };
}

function* slowness({ stats, oldestS }: Known): Generator<Point> {
  if (oldestS <= OLDEST_S) return;
  const level = (stats.pauses ?? []).length > 0 ? 'warn' : 'bad'; // what is paused waits on purpose
  yield { level, text: `The oldest job has waited for ${spanIn(oldestS * 1000)}.`, href: '#/jobs?state=waiting' };
}

function* failures({ stats, errors }: Known): Generator<Point> {
  const count = errors.reduce((sum, { lastFiveMinutes }) => sum + lastFiveMinutes.failed, 0);
  if (count === 0) return;
  const share = failedShare(stats) ?? 0;
  const [worst] = errors;
  const most = worst ? `, ${errors.length > 1 ? 'most ' : ''}with ${worst.code}` : '';
  const text = `${countIn(count, 'job')} failed in the last five minutes${most}.`;
  yield { level: share > SHARE ? 'bad' : 'warn', text, href: '#/jobs?state=failed&since=5m' };
}

function* orders({ stats, workers }: Known): Generator<Point> {
  for (const { scope, name, reason, until } of stats.pauses ?? []) {
    const what = scope === 'all' ? 'All jobs are' : `${name ?? ''} is`;
    const [end, why] = [until === undefined ? '' : ` until ${timeIn(until)}`, reason === undefined ? '' : `: ${reason}`];
    yield { level: 'warn', text: `${what} paused${end}${why}` };
  }
  const quiet = workers.filter((worker) => worker.live && worker.quiet).length;
  if (quiet > 0)
    yield {
      level: 'warn',
      text: `${countIn(quiet, 'worker')} ${quiet === 1 ? 'is' : 'are'} quiet and take${quiet === 1 ? 's' : ''} no jobs.`,
    };
}

function* chores({ stats, ready }: Known): Generator<Point> {
  const letters = stats.notifications.failed + (stats.archive?.parked ?? 0);
  if (letters > 0)
    yield {
      level: 'warn',
      text: `${countIn(letters, 'webhook, push or row', 'webhooks, pushes and rows')} went nowhere.`,
      href: '#/dead-letters',
    };
  for (const text of ready.warnings ?? []) yield { level: 'warn', text };
  for (const { process, aheadMs } of stats.clocksOff ?? [])
    yield { level: 'warn', text: `The clock of an ${process} is off by ${spanIn(Math.abs(aheadMs))}.` };
  for (const { model, date } of stats.modelEnds ?? []) yield { level: 'warn', text: `The model ${model} ends on ${date}.` };
}
