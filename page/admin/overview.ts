/** The first screen: is it all right? Then kinds, errors and workers. */
import { ApiError } from '../../client/src/problem.ts';
import type { KindInfo } from '../composer.ts';
import { element, setText } from '../dom.ts';
import { Keyed } from '../keyed.ts';
import type { ErrorGroup, Ready, Stats, Worker } from './answers.ts';
import type { Desk, View } from './desk.ts';
import { ErrorsView } from './errors-view.ts';
import { KindsView } from './kinds-view.ts';
import { oldestIn } from './oldest.ts';
import { PausesView } from './pauses-view.ts';
import { failedShare, type Known, levelOf, type Point, pointsOf } from './verdict.ts';
import { spanIn } from './words.ts';
import { WorkersView } from './workers-view.ts';

const HEADS = { good: 'All is well', warn: 'It runs; look at this', bad: 'Something is wrong' } as const;

/** A figure. `level`: what its colour says. */
type Figure = { name: string; value: string; note: string };

/** The screen. */
export class Overview implements View {
  readonly node: HTMLElement;
  readonly #desk: Desk;
  readonly #head = element('h2', { role: 'status', 'aria-label': 'Is it all right?' }, 'Looking');
  readonly #verdict: HTMLElement;
  readonly #points: Keyed<Point>;
  readonly #figures: Keyed<Figure>;
  readonly #kinds: KindsView;
  readonly #pauses: PausesView;
  readonly #errors = new ErrorsView();
  readonly #workers: WorkersView;

  constructor(desk: Desk) {
    this.#desk = desk;
    const points = element('ul', { class: 'points' });
    const figures = element('dl', { class: 'figures' });
    this.#points = new Keyed<Point>(points, { keyOf: ({ text }) => text, make: drawPoint });
    this.#figures = new Keyed<Figure>(figures, { keyOf: ({ name }) => name, make: drawFigure });
    this.#verdict = element('section', { class: 'panel verdict', 'aria-label': 'State' }, this.#head, points, figures);
    this.#kinds = new KindsView(desk);
    this.#pauses = new PausesView(desk);
    this.#workers = new WorkersView(desk);
    const parts = [this.#pauses, this.#kinds, this.#errors, this.#workers].map(({ node }) => node);
    this.node = element('div', { class: 'stack' }, this.#verdict, ...parts);
  }

  async read(): Promise<void> {
    const { ask, readText } = this.#desk;
    const [stats, ready, { errors }, { workers }, { kinds }, metrics, { latencyMs }] = await Promise.all([
      ask<Stats>('/api/queue/stats'),
      readReady(this.#desk),
      ask<{ errors: ErrorGroup[] }>('/admin/errors'),
      ask<{ workers: Worker[] }>('/admin/workers'),
      ask<{ kinds: KindInfo[] }>('/api/kinds'),
      readText('/metrics'),
      ask<{ latencyMs: number }>('/api/redis/health'),
    ]);
    const oldest = oldestIn(metrics);
    const known = { stats, ...ready, errors, workers, oldestS: Math.max(0, ...oldest.values()) };
    this.#drawVerdict(known, latencyMs);
    this.#kinds.update({ stats, kinds, oldest });
    this.#pauses.update({ pauses: stats.pauses ?? [], kinds, workers });
    this.#errors.update(errors);
    this.#workers.update(workers);
  }

  #drawVerdict(known: Known, latencyMs: number): void {
    const points = pointsOf(known);
    const level = levelOf(points);
    this.#verdict.dataset['level'] = level;
    setText(this.#head, HEADS[level]);
    this.#points.update(points);
    this.#figures.update(figuresOf(known, latencyMs));
  }
}

/** Not ready is an answer, too. */
async function readReady({ ask }: Desk): Promise<{ ready: Ready; trouble: string | undefined }> {
  try {
    return { ready: await ask<Ready>('/ready'), trouble: undefined };
  } catch (error) {
    if (error instanceof ApiError && error.status === 503) return { ready: {}, trouble: error.detail };
    throw error;
  }
}

function figuresOf({ stats, errors, workers, oldestS }: Known, latencyMs: number): Figure[] {
  const { counts, concurrency, perMinute } = stats;
  const failed = errors.reduce((sum, { lastFiveMinutes }) => sum + lastFiveMinutes.failed, 0);
  const share = failedShare(stats);
  const live = workers.filter((worker) => worker.live);
  const quiet = live.filter((worker) => worker.quiet).length;
  return [
    { name: 'Waiting', value: String(counts.waiting), note: counts.delayed > 0 ? `and ${counts.delayed} for their time` : 'jobs' },
    { name: 'Oldest waits', value: counts.waiting > 0 ? spanIn(oldestS * 1000) : 'none', note: 'for its turn' },
    { name: 'Running', value: String(counts.active), note: `of ${concurrency} at once` },
    { name: 'Done', value: String(perMinute.completed), note: 'in the last minute' },
    { name: 'Failed', value: String(failed), note: 'in five minutes' },
    { name: 'Error rate', value: share === undefined ? '–' : `${Math.round(share * 100)} %`, note: 'in the last minute' },
    { name: 'Workers', value: String(live.length), note: quiet > 0 ? `${quiet} of them quiet` : 'live' },
    { name: 'Redis', value: spanIn(latencyMs), note: 'for a write' },
  ];
}

function drawPoint(first: Point) {
  const link = element('a', { href: first.href }, first.text);
  const node = element('li', { 'data-level': first.level }, first.href === undefined ? first.text : link);
  return { node, update: ({ level }: Point) => void (node.dataset['level'] = level) };
}

function drawFigure(first: Figure) {
  const [value, note] = [element('b', {}, first.value), element('small', {}, first.note)];
  const node = element('div', {}, element('dt', {}, first.name), element('dd', {}, value, note));
  const update = (figure: Figure): void => (setText(value, figure.value), setText(note, figure.note));
  return { node, update };
}
