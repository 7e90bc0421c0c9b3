/** Lists under `/v1`: a page of what there is, as clients of OpenAI ask for it. */
import { RequestFault } from './openai-error.ts';

/**
 * A page. `limit`: how many at most, 20 if absent; `after`: the id after which to go on.
 * @throws RequestFault for a limit that is none
 */
export function pageOf<Item extends object>(
  items: readonly (Item & { id?: unknown })[],
  { after, limit = '20' }: { after?: string; limit?: string },
): { object: 'list'; data: Item[]; first_id: unknown; last_id: unknown; has_more: boolean } {
  const max = Number(limit);
  if (!Number.isInteger(max) || max < 1 || max > 100) throw new RequestFault('invalid_value', 'limit', 'limit must be 1 to 100.');
  const from = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  const data = items.slice(from, from + max);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + max < items.length,
  };
}
