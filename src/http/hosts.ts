/**
 * The Host check. A web page may point its own name at this machine (DNS rebinding) and then call
 * this API as if it were the page's own server. Its requests carry the page's name, so only names
 * that are known to be ours are answered.
 */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './context.ts';

/**
 * No web page can have these names: `localhost` and names under it always lead to the machine
 * itself (RFC 6761).
 */
const LOCALHOST = ['localhost', '*.localhost'];
const ADDRESS = /^(?:\[[0-9a-f:.]+\]|\d+(?:\.\d+){0,3})$/;

/**
 * Makes the check, which throws `misdirected` (421) for an unknown host. `hosts`: the names that
 * are answered, in lower case, beside localhost and IP addresses; `*.name` stands for all names
 * under one. If it is undefined, every name is answered.
 */
export function createHostCheck(hosts: string[] | undefined): (c: Context<AppEnv>) => void {
  if (!hosts) return () => {};
  const ours = [...LOCALHOST, ...hosts];
  return (c) => {
    // A request target can have a host, too. A request without a Host header (HTTP/1.0) does not
    // come from a web page.
    for (const host of [c.req.header('host'), hostOf(c.req.url)]) if (host && !isOurs(host, ours)) throw misdirected(host);
  };
}

/** The host and port of a URL that the runtime has put together, which ends with a path. */
function hostOf(url: string): string {
  const start = url.indexOf('//') + 2;
  const authority = url.slice(start, url.indexOf('/', start));
  return authority.slice(authority.lastIndexOf('@') + 1);
}

function isOurs(host: string, ours: string[]): boolean {
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  return ADDRESS.test(name) || ours.some((one) => (one.startsWith('*.') ? name.endsWith(one.slice(1)) : name === one));
}

function misdirected(host: string): ProblemError {
  const name = host.replace(/:\d*$/, '').slice(0, 255);
  return new ProblemError('misdirected', `This server does not answer to the name ${name}. If it is yours, add it to ALLOWED_HOSTS.`);
}
