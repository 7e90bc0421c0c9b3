/** The registry of a process. */
import { expect, test } from 'vitest';
import { createBoundedLabel } from '../../src/metrics/bounded-label.ts';
import { ProcessMetrics } from '../../src/metrics/process-metrics.ts';
import { valueOf } from '../support/scrape.ts';

test('what is no number is passed over, and nothing throws', async () => {
  const metrics = new ProcessMetrics(() => {});
  const count = metrics.counter({ name: 'a_total', help: 'A.', labels: ['of'] });
  const observe = metrics.histogram({ name: 'b_seconds', help: 'B.', labels: [], buckets: [1] });
  for (const value of [Number.NaN, Infinity, -Infinity]) {
    count({ of: 'x' }, value);
    observe({}, value);
  }
  count({ of: 'x' }, -1);
  count({ of: 'x' });
  observe({}, 2);
  const text = await metrics.text();
  expect([valueOf(text, 'a_total'), valueOf(text, 'b_seconds_count'), valueOf(text, 'b_seconds_sum')]).toEqual([1, 1, 2]);
});

test('gauges whose reading fails are absent, and the others are told', async () => {
  const errors: unknown[] = [];
  const metrics = new ProcessMetrics((error) => errors.push(error));
  const [one, other] = ['one', 'other'].map((name) => metrics.gauge({ name, help: 'A gauge.', labels: [] }));
  let works = true;
  metrics.onScrape([one!], async () => {
    if (!works) throw new Error('away');
    one!([[{}, 1]]);
  });
  metrics.onScrape([other!], () => other!([[{}, 2]]));
  const told = async () => {
    const text = await metrics.text();
    return [valueOf(text, 'one'), valueOf(text, 'other')];
  };
  expect(await told()).toEqual([1, 2]);
  works = false;
  expect(await told()).toEqual([undefined, 2]);
  expect(errors).toHaveLength(1);
  works = true;
  expect(await told()).toEqual([1, 2]);
});

test('scrapes at the same time share one reading', async () => {
  const metrics = new ProcessMetrics(() => {});
  let readings = 0;
  metrics.onScrape([], () => void readings++);
  const [one, other] = await Promise.all([metrics.text(), metrics.text()]);
  expect([readings, one]).toEqual([1, other]);
});

test('a label has no more values than its bound, and keeps those it has', () => {
  const bounded = createBoundedLabel(2);
  expect(['a', 'b', 'c', 'a', 'd'].map(bounded)).toEqual(['a', 'b', 'other', 'a', 'other']);
});
