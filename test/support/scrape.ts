/** Metrics as a scrape has them. */
import { expect } from 'vitest';

/** One line of the text format: a name, labels and a value. */
export type Series = { name: string; labels: Record<string, string>; value: number };

/** The text of a scrape. `url`: the origin of an API or a worker. */
export async function scrape(url: string, headers: Record<string, string> = {}): Promise<string> {
  const answer = await fetch(`${url}/metrics`, { headers });
  expect(answer.status).toBe(200);
  return answer.text();
}

/** Reads the text format of Prometheus. */
export function seriesIn(text: string): Series[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });
}

/** The sum of all series of a name that have these labels; undefined if there are none. */
export function valueOf(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  const found = seriesIn(text).filter(
    (one) => one.name === name && Object.entries(labels).every(([key, value]) => one.labels[key] === value),
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
