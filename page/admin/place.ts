/** What is shown, in the page's address, so that a reload, a link and the back button find it. */

/** A view, perhaps of one thing, with what narrows it. */
export type Place = { view: string; id?: string | undefined; query: Readonly<Record<string, string>> };

/** The place that an address names. `hash`: the part of the address from `#` on. */
export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const [view = '', id] = path.split('/').map((part) => decodeURIComponent(part));
  return { view, id, query: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a place, for links. Parts of the query that are undefined or empty are left out. */
export function addressOf(view: string, parts: Readonly<Record<string, string | undefined>> = {}, id?: string): string {
  const query = new URLSearchParams(Object.entries(parts).filter((entry): entry is [string, string] => Boolean(entry[1])));
  return `#/${view}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${query.size === 0 ? '' : `?${query}`}`;
}
