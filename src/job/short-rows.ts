/**
 * Short rows: in the journal of a completed job the row of an item has no value, but the value's
 * place in the job's result, so that the item is stored once. A whole row is made of both again,
 * byte for byte.
 */

/** The row of an item as a run writes it. */
const WHOLE =
  /^\{"type":"item","attempt":(?<attempt>\d+),"list":"(?<list>\w+)","index":(?<index>\d+),"value":(?<value>.*),"percent":(?<percent>\d+)\}$/s;

/** The same in short; `at` and `length`: which characters of the result's JSON are the value's. */
const SHORT = /^(?<attempt>\d+) (?<list>\w+) (?<index>\d+) (?<percent>\d+) (?<at>\d+) (?<length>\d+)$/;

/** Shortens those rows whose values stand in the result. `result`: as JSON. */
export function shortenRows(rows: readonly string[], result: string): string[] {
  let from = 0; // lists stand in the result in the order of their items
  return rows.map((row) => {
    const { attempt, list, index, value, percent } = WHOLE.exec(row)?.groups ?? {};
    if (value === undefined) return row;
    const behind = result.indexOf(value, from);
    const at = behind < 0 ? result.indexOf(value) : behind;
    if (at < 0) return row;
    from = at + value.length;
    const short = [attempt, list, index, percent, at, value.length].join(' ');
    return lengthenRow(short, result) === row && short.length < row.length ? short : row;
  });
}

/** Makes a short row whole. Any other row stays as it is. */
export function lengthenRow(row: string, result: string): string {
  const { attempt, list, index, percent, at, length } = (!row.startsWith('{') && SHORT.exec(row)?.groups) || {};
  if (at === undefined) return row;
  const value = result.slice(Number(at), Number(at) + Number(length));
  return `{"type":"item","attempt":${attempt},"list":"${list}","index":${index},"value":${value},"percent":${percent}}`;
}
