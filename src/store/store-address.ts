/**
 * What REDIS_URL says: a single server, the sentinels of a master, or some nodes of a cluster. ioredis
 * reads the URL of a single server itself; one with several hosts is no URL by the WHATWG's standard.
 */

/** Where something listens. */
export type HostAndPort = { host: string; port: number };

/** A user of Redis or of a sentinel; without a name it is the default user. */
export type Login = { username?: string; password?: string };

/** Addresses that servers tell of each other, `HOST:PORT`, and where they are from here. */
export type NatMap = Readonly<Record<string, HostAndPort>>;

/**
 * What sentinels and clusters have in common. `commandTimeoutMs`:
 * the patience of requests, where it is said.
 */
type Several = { hosts: HostAndPort[]; login: Login; tls: boolean; natMap: NatMap; commandTimeoutMs?: number };

/** An address of a store, read. */
export type StoreAddress =
  | { type: 'single'; url: string }
  /** `name`: the master's, as the sentinels call it. `db`: the number of its database. */
  | (Several & { type: 'sentinel'; name: string; db: number; sentinelLogin: Login })
  | (Several & { type: 'cluster' });

/** What is expected where an address can't be read. */
export const ADDRESS_EXPECTED =
  'must be redis://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/MASTER or redis+cluster://HOST:PORT,HOST:PORT (rediss… for TLS)';

/** A mistake in an address: what is wrong, without the address, which has a password. */
export class AddressError extends Error {}

const SCHEME = /^(rediss?)(?:\+(sentinel|cluster))?:\/\//;
const PARTS = /^(?:(?<user>[^/?]*)@)?(?<hosts>[^/?@]*)(?:\/(?<path>[^?]*))?(?:\?(?<query>.*))?$/;
const HOST = /^(?:\[(?<six>[\da-fA-F:.]+)\]|(?<name>[^:[\]\s]+))(?::(?<port>\d{1,5}))?$/;
const PORTS = { sentinel: 26_379, cluster: 6379 };
const KNOWN = { sentinel: ['sentinelUsername', 'sentinelPassword', 'natMap', 'commandTimeout'], cluster: ['natMap', 'commandTimeout'] };

/** Reads an address. @throws AddressError if it is none */
export function readStoreAddress(url: string): StoreAddress {
  const scheme = SCHEME.exec(url);
  if (!scheme) throw new AddressError(ADDRESS_EXPECTED);
  const type = scheme[2] as 'sentinel' | 'cluster' | undefined;
  if (type === undefined) return { type: 'single', url };

  const parts = PARTS.exec(url.slice(scheme[0].length))?.groups;
  if (!parts) throw new AddressError(ADDRESS_EXPECTED);
  const query = new URLSearchParams(parts['query']);
  const unknown = [...query.keys()].find((name) => !KNOWN[type].includes(name));
  if (unknown !== undefined) throw new AddressError(`has ?${unknown}=, and of redis+${type}:// only ${KNOWN[type].join(', ')} are known`);
  const commandTimeoutMs = Number(query.get('commandTimeout'));
  const several: Several = {
    hosts: (parts['hosts'] ?? '').split(',').map((text) => readHost(text, PORTS[type])),
    login: readUser(parts['user']),
    tls: scheme[1] === 'rediss',
    natMap: readNatMap(query.get('natMap')),
    ...(commandTimeoutMs > 0 && { commandTimeoutMs }),
  };
  const path = (parts['path'] ?? '').split('/').filter(Boolean).map(decode);
  if (type === 'cluster') {
    if (path.length > 0 && path.join() !== '0') throw new AddressError('has a database, and a cluster has only database 0');
    return { ...several, type };
  }
  const [name, db = '0', ...rest] = path;
  if (name === undefined) throw new AddressError("needs the master's name, as in redis+sentinel://HOST:PORT/MASTER");
  if (!/^\d{1,5}$/.test(db) || rest.length > 0)
    throw new AddressError('needs a number as its database, as in redis+sentinel://HOST:PORT/MASTER/0');
  return { ...several, type, name, db: Number(db), sentinelLogin: loginOf(query.get('sentinelUsername'), query.get('sentinelPassword')) };
}

function readHost(text: string, port: number): HostAndPort {
  const host = HOST.exec(text.trim())?.groups;
  const at = { host: host?.['six'] ?? host?.['name'] ?? '', port: Number(host?.['port'] ?? port) };
  if (at.host === '' || at.port < 1 || at.port > 65_535) throw new AddressError('has a host that is no HOST:PORT; [ADDRESS]:PORT for IPv6');
  return at;
}

/** `user:password`, percent-encoded; one that holds no colon is a user without a password. */
function readUser(user = ''): Login {
  const colon = user.indexOf(':');
  return colon < 0 ? loginOf(decode(user), null) : loginOf(decode(user.slice(0, colon)), decode(user.slice(colon + 1)));
}

function loginOf(username: string | null, password: string | null): Login {
  return { ...(username && { username }), ...(password && { password }) };
}

/** `INSIDE:PORT=OUTSIDE:PORT`, with commas between them. */
function readNatMap(text: string | null): NatMap {
  const pairs = (text ?? '').split(',').flatMap((pair): [string, HostAndPort][] => {
    if (pair.trim() === '') return [];
    const [inside, outside, ...rest] = pair.split('=');
    if (outside === undefined || rest.length > 0) throw new AddressError('has a natMap that is no list of INSIDE:PORT=OUTSIDE:PORT');
    const from = readHost(inside ?? '', PORTS.cluster);
    return [[`${from.host}:${from.port}`, readHost(outside, PORTS.cluster)]];
  });
  return Object.fromEntries(pairs);
}

/** Percent-decoding; what is not encoded rightly is taken as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
