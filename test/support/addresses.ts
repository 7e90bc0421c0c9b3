/** Addresses that look like paths of one server and lead to another, for what follows addresses that answers give. */
import type { Dice } from './dice.ts';

/** What URL parsers drop or read as a slash, and what makes a text begin another part of a URL. */
const PIECES = [
  '/',
  '//',
  '\\',
  '\t',
  '\n',
  '\r',
  ' ',
  '.',
  '..',
  '@',
  ':',
  '?',
  '#',
  '%2f',
  '%5c',
  '%09',
  '\u0000',
  '\u00a0',
  '\uff0f',
  '\u2044',
  '\ud800',
];
const SCHEMES = ['http:', 'https:', 'HTTPS:', 'hTtP:', 'ftp:', 'file:', 'data:', 'javascript:', 'blob:', 'ws:', 'x:', ''];

/** The tricks that are known by name, and 200 that the dice put together. `host`: the host that they try to lead to, with its port. */
export function trickyAddresses(host: string, dice: Dice): string[] {
  const known = [
    ['', '/', '//', '///', '/\\', '\\\\', '/\t/', '/\n/', '/\r\n/', '\t//', ' //', '/\t\\', '/.//', '/..//', '@', '/@', ':80@', '.'],
    ['http://', 'https://', 'http:\\\\', 'http:/\t/', 'h\tttp://', 'http://user:pass@', '//user@', '\u0001//', 'http:', '/\t/user@'],
  ]
    .flat()
    .map((head) => `${head}${host}/api/jobs/x/events`);
  const one = (list: readonly string[]): string => list[dice(list.length)] ?? '';
  const rolled = Array.from({ length: 200 }, () => {
    const head = Array.from({ length: 1 + dice(5) }, () => one(PIECES)).join('');
    return `${one(['', '/', '/', one(SCHEMES)])}${head}${host}${one(['', '/', '/x?token=1'])}`;
  });
  return [...known, ...rolled];
}
