/**
 * A result as JSON that grows: the first of its lists is its first field, and each item of it is
 * sent when it is there. All pieces together are the result.
 */

/** Where the list that grows is in a result: at its top, or in the field `within`. */
export type GrowingList = { list: string; within?: string | undefined };

/** The piece of an item: `index` is its place in the list. */
export function itemPiece({ list, within }: GrowingList, index: number, value: unknown): string {
  return (index === 0 ? opening(list, within) : ',') + JSON.stringify(value);
}

/** The last piece, after `sent` items: the other items, and the fields beside the list. */
export function restPiece(result: unknown, growing: GrowingList | undefined, sent: number): string {
  if (!growing) return JSON.stringify(result);
  const { list, within } = growing;
  const whole = result as Record<string, unknown>;
  const holder = within === undefined ? whole : (whole[within] as Record<string, unknown>);
  const items = holder[list];
  if (!Array.isArray(items)) return JSON.stringify(result);
  const missing = items.slice(sent).map((value, n) => itemPiece(growing, sent + n, value));
  const begun = items.length === 0 && sent === 0 ? opening(list, within) : '';
  const close = `]${fieldsBut(holder, list)}}`;
  return begun + missing.join('') + close + (within === undefined ? '' : `${fieldsBut(whole, within)}}`);
}

function opening(list: string, within: string | undefined): string {
  return `{${within === undefined ? '' : `${JSON.stringify(within)}:{`}${JSON.stringify(list)}:[`;
}

function fieldsBut(value: Record<string, unknown>, field: string): string {
  const others = Object.entries(value).filter(([name, inner]) => name !== field && inner !== undefined);
  return others.map(([name, inner]) => `,${JSON.stringify(name)}:${JSON.stringify(inner)}`).join('');
}
