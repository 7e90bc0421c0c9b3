/** Figures that were measured several times: medians, spread, ratios, and tables of them. */

import type { Pair } from './harness.ts';

/** What was measured of each contender, by its name: for each figure, all its values. */
export type Figures<Name extends string = string> = ReadonlyMap<string, Record<Name, number[]>>;

/** A column of a table: its title, the figure that is in it, and how many digits it has after the point. */
export type Column<Name extends string> = readonly [title: string, figure: Name, digits: number];

/** The middle value; of an even number of values the upper one of the two. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which a share (0 to 1) of the values lies. NaN if there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN;
}

/** The sum of all values. */
export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The ratio of two medians, as text. */
export const ratio = (values: readonly number[], base: readonly number[]): string =>
  values.length === 0 ? '–' : (median(values) / median(base)).toFixed(2);

/** A table of medians with quartiles, `512 (498–530)`, with a row for each contender. */
export function table<Name extends string>(
  figures: Figures<Name>,
  contenders: readonly string[],
  columns: readonly Column<Name>[],
): string {
  const cell = (contender: string, [, figure, digits]: Column<Name>) => spread(figures.get(contender)?.[figure] ?? [], digits);
  return lines(
    ['', ...columns.map(([title]) => title)],
    contenders.map((name) => [name, ...columns.map((column) => cell(name, column))]),
  );
}

/** A table of ratios of medians. `base`: the contender that each one is compared with. */
export function ratioTable<Name extends string>(
  figures: Figures<Name>,
  contenders: readonly string[],
  columns: readonly Column<Name>[],
  base: (contender: string) => string,
): string {
  const of = (contender: string, figure: Name) => figures.get(contender)?.[figure] ?? [];
  const cells = (contender: string) => columns.map(([, figure]) => ratio(of(contender, figure), of(base(contender), figure)));
  // A unit has no meaning in a ratio.
  return lines(
    ['', ...columns.map(([title]) => title.replace(/, \S+s$/, ''))],
    contenders.map((name) => [name, ...cells(name)]),
  );
}

/** A table in Markdown. */
export function lines(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return '–'; // a short form does not measure everything
  const show = (value: number) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [low, high] = [show(quantile(values, 0.25)), show(quantile(values, 0.75))];
  return low === high ? show(median(values)) : `${show(median(values))} (${low}–${high})`;
}

/** The figures that are counted. All others are measured, and differ from run to run on a machine that others use, too. */
const COUNTED: ReadonlySet<string> = new Set(['commands', 'commandsAlone', 'trips', 'tripsAlone']);

/** What the guard compares: figures of one contender with those of another, under a heading. `tolerances`: how much worse each may become. */
export function pairs<Name extends string>(
  figures: Figures<Name>,
  heading: string,
  tolerances: Partial<Record<Name, number>>,
  [ours, base]: readonly [ours: string, base: string],
): Record<string, Pair> {
  const of = (contender: string, name: Name) => figures.get(contender)?.[name] ?? [];
  const named = Object.entries(tolerances) as [Name, number][];
  return Object.fromEntries(
    named.map(([name, tolerance]) => [
      `${heading}: ${name}`,
      { ours: of(ours, name), base: of(base, name), tolerance, counted: COUNTED.has(name) },
    ]),
  );
}
