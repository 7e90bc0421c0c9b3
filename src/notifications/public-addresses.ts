/**
 * Which addresses a webhook may be sent to: public ones. What
 * is private could be reached by nobody but us.
 */
import { BlockList, isIP } from 'node:net';

/**
 * The networks of ::/3 but for the mapped addresses, ::ffff:0:0/96, which are judged
 * as the IPv4 addresses that they are. A list by itself would block all IPv4.
 */
function besidesMapped(): [net: string, prefix: number][] {
  const mapped = 0xffffn << 32n;
  return Array.from({ length: 93 }, (_, n): [string, number] => {
    const last = BigInt(127 - (n + 3)); // the first bit in which the network differs
    const net = (((mapped >> last) ^ 1n) << last).toString(16).padStart(32, '0');
    return [(net.match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16).toString(16)).join(':'), n + 4];
  });
}

/**
 * Networks that are not public, for IPv4 (the registry of RFC 6890, and
 * multicast) and for IPv6 (all but 2000::/3, and what is set apart in that).
 */
const PRIVATE: Record<'ipv4' | 'ipv6', [net: string, prefix: number][]> = {
  ipv4: [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.31.196.0', 24],
    ['192.52.193.0', 24],
    ['192.88.99.0', 24],
    ['192.168.0.0', 16],
    ['192.175.48.0', 24],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ],
  ipv6: [...besidesMapped(), ['2001::', 23], ['2001:db8::', 32], ['2002::', 16], ['3fff::', 20], ['4000::', 2], ['8000::', 1]],
};

/**
 * This machine's own addresses, which development allows. IPv6
 * has one only, which is in the first of these networks.
 */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.0', '0:0:0:0:0:0:0:0']);

/** Where a webhook may go. */
export type CallbackAddresses = {
  /** Refuses connections to other addresses, also where a name leads to one. */
  blockList: BlockList;
  /**
   * What is wrong with a URL that is to be called back, as far
   * as its text tells; undefined if nothing is.
   */
  faultOf(text: string): string | undefined;
};

/** Makes the rules. In production a callback goes over TLS, and never to this machine. */
export function callbackAddresses(production: boolean): CallbackAddresses {
  const blockList = new BlockList();
  for (const family of ['ipv4', 'ipv6'] as const) {
    for (const [net, prefix] of PRIVATE[family]) {
      if (production || !LOOPBACK.has(net)) blockList.addSubnet(net, prefix, family);
    }
  }
  const isBlocked = (host: string): boolean => {
    const version = isIP(host);
    if (version !== 0) return blockList.check(host, version === 4 ? 'ipv4' : 'ipv6');
    return production && /(^|\.)localhost\.?$/.test(host);
  };
  return {
    blockList,
    faultOf(text) {
      const url = URL.canParse(text) ? new URL(text) : undefined;
      const schemes = production ? ['https:'] : ['https:', 'http:'];
      if (!url || !schemes.includes(url.protocol)) return `must be an ${production ? 'https' : 'http or https'} URL`;
      if (url.username !== '' || url.password !== '') return 'must have no user name and no password in it';
      if (isBlocked(hostOf(url))) return 'must lead to a public address';
      return undefined;
    },
  };
}

/** The host of a URL as sockets take it: an IPv6 address without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
