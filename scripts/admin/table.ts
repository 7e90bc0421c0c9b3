/** Prints answers for people: lists as tables, other things as a line for each field. */

/** The widest column, in characters. */
const WIDEST = 48;

/** An answer as text. */
export function toTable(body: Record<string, unknown>): string {
  const lines = Object.entries(body).flatMap(([name, value]) =>
    Array.isArray(value) ? [`${name}:`, ...rowsOf(value)] : [`${name}: ${inWords(value)}`],
  );
  return `${lines.join('\n')}\n`;
}

function rowsOf(list: readonly unknown[]): string[] {
  const rows = list.map((one) => (typeof one === 'object' && one !== null ? (one as Record<string, unknown>) : { value: one }));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const texts = [names, ...rows.map((row) => names.map((name) => inWords(row[name])))];
  const widths = names.map((_, n) => Math.min(Math.max(...texts.map((row) => row[n]?.length ?? 0)), WIDEST));
  return texts.map((row) => `  ${row.map((cell, n) => cut(cell).padEnd(widths[n] ?? 0)).join('  ')}`.trimEnd());
}

function inWords(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Ids are kept whole. */
function cut(cell: string): string {
  return cell.length > WIDEST && cell.includes(' ') ? `${cell.slice(0, WIDEST - 1)}…` : cell;
}
