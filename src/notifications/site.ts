/** Sites: which hosts are taken for one receiver's, however many names and ports it has. */
import { isIP } from 'node:net';
import { hostOf } from './public-addresses.ts';

/** What stands between a name of one's own and a country's domain in many countries. */
const SECOND_LEVEL: ReadonlySet<string> = new Set(['ac', 'co', 'com', 'edu', 'go', 'gov', 'mil', 'ne', 'net', 'or', 'org']);

/**
 * The site that a URL leads to: an IPv4 address; a network of IPv6, of which one machine
 * has a whole; or what a name ends in that somebody can register. There is no list of all
 * registries here: where two owners are taken for one, they share a room that is half of
 * what is free. On this machine, to which development sends, each port is a site.
 */
export function siteOf(url: URL): string {
  const host = hostOf(url).replace(/\.$/, '');
  if (/^127\.|^::1$|(^|\.)localhost$/.test(host)) return url.host;
  const version = isIP(host);
  if (version === 4) return host;
  if (version === 6) return networkOf(host);
  const labels = host.split('.');
  const isBelowCountry = labels.at(-1)?.length === 2 && SECOND_LEVEL.has(labels.at(-2) ?? '');
  return labels.slice(isBelowCountry ? -3 : -2).join('.');
}

/** The first 64 bits of an IPv6 address, as URLs write it. */
function networkOf(address: string): string {
  const [before = [], after] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = after ? [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after] : before;
  return `${groups.slice(0, 4).join(':')}::`;
}
