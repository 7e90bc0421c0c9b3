/**
 * The Host check. A web page may point its own name at this machine (DNS rebinding) and then call this API as if it were
 * the page's own server. Its requests carry the page's name, so only names that are known to be ours are answered.
 */
import { createMiddleware } from 'hono/factory';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './env.ts';

/** No page can take these for its name: `localhost` and what is under it always lead to the machine itself (RFC 6761), and IP addresses are no names. */
const LOCALHOST = ['localhost', '*.localhost'];
const ADDRESS = /^(?:\[[0-9a-f:.]+\]|\d+(?:\.\d+){0,3})$/;

/**
 * Answers 421 to requests for another host, before anything else happens. `hosts`: the names that are ours beside
 * localhost and IP addresses, in lower case, `*.name` for all that lie under one; undefined lets every name pass.
 */
export const checkHost = (hosts: string[] | undefined) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (hosts) {
      const ours = [...LOCALHOST, ...hosts];
      // A request target with a host of its own counts, too. Without a Host header (HTTP/1.0) there is no page behind it.
      for (const host of [c.req.header('host'), new URL(c.req.url).host]) if (host && !isOurs(host, ours)) throw misdirected(host);
    }
    await next();
  });

function isOurs(host: string, ours: string[]): boolean {
  const name = host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
  return ADDRESS.test(name) || ours.some((one) => (one.startsWith('*.') ? name.endsWith(one.slice(1)) : name === one));
}

function misdirected(host: string): ProblemError {
  const name = host.replace(/:\d*$/, '').slice(0, 255);
  return new ProblemError('misdirected', `This server does not answer to the name ${name}. If it is yours, add it to ALLOWED_HOSTS.`);
}
