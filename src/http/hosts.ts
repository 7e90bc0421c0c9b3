/**
 * The Host check. A web page may point its own name at this machine (DNS rebinding) and then call this API as if it were
 * the page's own server. Its requests carry the page's name, so only names that are known to be ours are answered.
 */
import { createMiddleware } from 'hono/factory';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './env.ts';

/** No web page can have these names: `localhost` and names under it always lead to the machine itself (RFC 6761). */
const LOCALHOST = ['localhost', '*.localhost'];
const ADDRESS = /^(?:\[[0-9a-f:.]+\]|\d+(?:\.\d+){0,3})$/;

/**
 * Answers 421 to requests for an unknown host, before anything else happens. `hosts`: the names that are answered, in lower
 * case, beside localhost and IP addresses; `*.name` stands for all names under one. If it is undefined, every name is answered.
 */
export const checkHost = (hosts: string[] | undefined) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (hosts) {
      const ours = [...LOCALHOST, ...hosts];
      // A request target can have a host, too. A request without a Host header (HTTP/1.0) does not come from a web page.
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
