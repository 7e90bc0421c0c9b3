/** Figures of several rounds: medians, spread, ratios, and tables of them. */

/** The middle value; of an even number of values the upper one of the two. */
export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** The value below which a share (0 to 1) of the values lies. NaN if there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)] ?? Number.NaN;
}

/** The median with the quartiles: `512 (498–530)`. */
export function spread(values: readonly number[], digits = 0): string {
  const show = (value: number) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [low, high] = [show(quantile(values, 0.25)), show(quantile(values, 0.75))];
  return low === high ? show(median(values)) : `${show(median(values))} (${low}–${high})`;
}

/** How one contender's figure compares with another's: the ratio of their medians. */
export const ratio = (values: readonly number[], base: readonly number[]): number => median(values) / median(base);

/** The ratio of each measurement by itself: how far it differs from one to the next. */
export const ratios = (values: readonly number[], base: readonly number[]): number[] =>
  values.map((value, n) => value / (base[n] ?? Number.NaN));

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
