/** How the tables and answers of `npm run size` are written. */

/** The jobs an hour that the tables have. */
export const JOBS_PER_HOUR = [1000, 10_000, 100_000, 1_000_000] as const;

/** A number with commas. */
export const number = (value: number, digits = 0): string =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Two significant digits: more is not known. */
export const about = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 2 });

/** Dollars; a dash where they are not known. */
export const dollars = (usd: number | undefined): string => (usd === undefined ? '–' : `$${about(usd)}`);

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
