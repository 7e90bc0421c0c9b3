/** Range requests (RFC 9110, section 14): which bytes of a file a request wants. */
import type { ByteRange } from '../files/store.ts';

/** What a request wants: all of the file, a part, or a range that the file does not have. */
export type Wanted = ByteRange | 'all' | 'unsatisfiable';

/**
 * Reads the headers `Range` and `If-Range`. What can't be read, several ranges, and a range of another version (`If-Range` names
 * a tag other than this one) mean the whole file.
 */
export function parseRange(range: string | undefined, ifRange: string | undefined, { bytes, tag }: { bytes: number; tag: string }): Wanted {
  if (range === undefined || (ifRange !== undefined && ifRange !== tag)) return 'all';
  const [, first = '', last = ''] = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(range) ?? [];
  if (first === '' && last === '') return 'all';
  if (first === '') return Number(last) === 0 || bytes === 0 ? 'unsatisfiable' : { from: Math.max(bytes - Number(last), 0), to: bytes };
  const from = Number(first);
  const to = last === '' ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== '' && Number(last) < from) return 'all'; // not a valid range
  return from >= bytes ? 'unsatisfiable' : { from, to };
}
