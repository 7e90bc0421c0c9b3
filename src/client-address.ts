/** The network address a request came from, behind so many proxies of our own. */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';

/**
 * Each proxy appends to `X-Forwarded-For` the address it saw; only what ours have written is
 * believed, which is the last entries. `trustedProxies`: how many of them stand in front, 0 for none.
 */
export function createAddressOf(trustedProxies: number): (c: Context) => string | undefined {
  return (c) => {
    const address = networkOf(getConnInfo(c).remote.address);
    if (trustedProxies === 0) return address;
    const seen = (c.req.header('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim());
    return networkOf(seen.at(-trustedProxies)) || address;
  };
}

/**
 * An IPv4 address as it is, an IPv6 one as its /64 (RFC 4291):
 * that is what one customer gets, with 2^64 addresses in it.
 */
export function networkOf(address: string | undefined): string | undefined {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address ?? '')?.[1];
  if (mapped !== undefined || !address?.includes(':')) return mapped ?? address;
  const [head = '', tail = ''] = address.split('::');
  const [first, last] = [head, tail].map((part) => part.split(':').filter(Boolean)) as [string[], string[]];
  const zeros = Array.from({ length: Math.max(8 - first.length - last.length, 0) }, () => '0');
  const groups = [...first, ...zeros, ...last].slice(0, 4).map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''));
  return `${groups.join(':')}::/64`;
}
