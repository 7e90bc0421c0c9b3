/** The network address a request came from, behind so many proxies of our own. */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';

/**
 * Each proxy appends to `X-Forwarded-For` the address it saw; only what ours have written is believed, which
 * is the last entries. `trustedProxies`: how many of them stand in front, 0 for none.
 */
export function createAddressOf(trustedProxies: number): (c: Context) => string | undefined {
  return (c) => {
    const { address } = getConnInfo(c).remote;
    if (trustedProxies === 0) return address;
    const seen = (c.req.header('x-forwarded-for') ?? '').split(',').map((entry) => entry.trim());
    return seen.at(-trustedProxies) || address;
  };
}
