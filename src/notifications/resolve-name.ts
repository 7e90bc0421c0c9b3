/**
 * Looks up names that users have given, by DNS itself. The system's look-up takes one of
 * few threads until it ends, so one name server that never answers would hold all of them.
 */
import { Resolver } from 'node:dns/promises';
import { readFile, stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { OwnError } from '../job/own-error.ts';

/** An address that a name leads to. */
export type Address = { address: string; family: 4 | 6 };

/**
 * Resolves with the addresses of a name, at least one.
 * @throws NameNotFoundError if there are none, or DNS fails,
 * or does not answer in time, or the signal aborts
 */
export type ResolveName = (name: string, signal: AbortSignal) => Promise<Address[]>;

/**
 * A name that leads nowhere, or nobody knows now where it
 * leads. Its code is that of the system's look-up.
 */
export class NameNotFoundError extends OwnError {
  override name = 'NameNotFoundError';
  readonly code = 'ENOTFOUND';
}

/**
 * What names are looked up with. `servers`: the name servers'
 * addresses, by default the system's; `limitMs`: how long it may take.
 */
export type ResolveOptions = { servers?: readonly string[] | undefined; hostsFile?: string; limitMs?: number };

/**
 * How long a look-up may take, and how long to wait for one
 * name server before the next is asked, in ms.
 */
const LIMIT_MS = 5000;
const SERVER_MS = 2000;

/** How often each name server is asked. */
const TRIES = 2;

/** How much longer to wait for the addresses of the other family, once there are some of one, in ms. */
const OTHER_FAMILY_MS = 300;

/**
 * How many addresses of each family are given: an answer with
 * hundreds would have us knock at as many doors.
 */
const EACH_FAMILY = 4;

const LOOPBACK: readonly Address[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

const HOSTS_FILE = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts';

/**
 * Makes the function. A name is this machine's (localhost, RFC 6761), or the hosts file has
 * it, or DNS is asked for it as it stands: no domain of a search list is put behind it. Each
 * look-up has a resolver of its own, which can be cancelled; nothing is kept for the next one.
 */
export function createResolveName({ servers, hostsFile = HOSTS_FILE, limitMs = LIMIT_MS }: ResolveOptions = {}): ResolveName {
  const readHosts = createHostsReader(hostsFile);
  return async (given, signal) => {
    const name = given.toLowerCase().replace(/\.$/, '');
    if (/(^|\.)localhost$/.test(name)) return [...LOOPBACK];
    const known = (await readHosts()).get(name);
    if (known) return pick(known);
    const resolver = new Resolver({ timeout: SERVER_MS, tries: TRIES });
    if (servers) resolver.setServers(servers);
    const found = pick(await ask(resolver, name, AbortSignal.any([signal, AbortSignal.timeout(limitMs)])));
    if (found.length === 0) throw new NameNotFoundError('the name leads to no address');
    return found;
  };
}

/**
 * Asks for the addresses of both families at once. What has
 * not come when the signal aborts does not come.
 */
async function ask(resolver: Resolver, name: string, signal: AbortSignal): Promise<Address[]> {
  const found: Address[] = [];
  const cancel = (): void => resolver.cancel();
  let patience: ReturnType<typeof setTimeout> | undefined;
  const note = (family: 4 | 6) => (addresses: readonly string[]) => {
    found.push(...addresses.map((address) => ({ address, family })));
    if (addresses.length > 0) patience ??= setTimeout(cancel, OTHER_FAMILY_MS);
  };
  const asked = [resolver.resolve4(name).then(note(4)), resolver.resolve6(name).then(note(6))];
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  await Promise.allSettled(asked);
  clearTimeout(patience);
  signal.removeEventListener('abort', cancel);
  return found;
}

/**
 * Some of each family, those of IPv4 first: where a machine
 * has IPv6 as well as the name, a connection falls back to it.
 */
function pick(addresses: readonly Address[]): Address[] {
  return ([4, 6] as const).flatMap((wanted) => addresses.filter(({ family }) => family === wanted).slice(0, EACH_FAMILY));
}

/**
 * Makes the function that reads the hosts file, anew where it
 * has changed. A file that can't be read has no names in it.
 */
function createHostsReader(file: string): () => Promise<ReadonlyMap<string, Address[]>> {
  let read: { at: number; hosts: ReadonlyMap<string, Address[]> } = { at: -1, hosts: new Map() };
  return async () => {
    const at = await stat(file).then(
      ({ mtimeMs }) => mtimeMs,
      () => -1,
    );
    if (at !== read.at) read = { at, hosts: parseHosts(await readFile(file, 'utf8').catch(() => '')) };
    return read.hosts;
  };
}

/** The names of a hosts file (hosts(5)): on each line an address, then its names; `#` begins a comment. */
function parseHosts(text: string): ReadonlyMap<string, Address[]> {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const family = isIP(address);
    if (family === 0 || address.includes('%')) continue; // an address of one network card is nobody's
    for (const name of names.map((one) => one.toLowerCase())) {
      hosts.set(name, [...(hosts.get(name) ?? []), { address, family: family === 4 ? 4 : 6 }]);
    }
  }
  return hosts;
}
