/**
 * Which web pages may call. Outside production the `user-id` header is believed, so a page of any
 * site that a developer visits could act as any user. There only pages of this machine may, unless
 * CORS_ORIGINS names others.
 */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import type { AppEnv } from './context.ts';

/**
 * The pages that may call. `listed`: origins as CORS_ORIGINS names them, `*` for all; undefined
 * where it names none, outside production. `own`: the names and addresses of this machine;
 * undefined in production, where any page may act as far as its user is known.
 */
export type CallingPages = { listed: readonly string[] | undefined; own: readonly string[] | undefined };

/**
 * The origin of a page (RFC 6454). Browsers send it in this form; other schemes than http are those
 * of apps that show pages.
 */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:.]+\]|[^[\]:/?#@\s]+)(?::\d+)?$/i;

/** Names and addresses that always lead to the machine itself (RFC 6761, RFC 6890). */
const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1\])$/;

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether an origin is one of this machine, on any port. `host`: the Host header of the request,
 * which is known to be ours.
 */
export function isOfThisMachine(origin: string, host: string | undefined, own: readonly string[]): boolean {
  const name = nameIn(ORIGIN.exec(origin)?.[1]);
  if (name === undefined) return false;
  return LOOPBACK.test(name) || own.includes(name) || name === nameIn(host?.replace(/:\d*$/, ''));
}

function nameIn(host: string | undefined): string | undefined {
  return host?.toLowerCase().replace(/\.$/, '');
}

/**
 * Makes the check for requests that change something. A form of another site needs no preflight, so
 * what keeps answers from its page does not keep it from acting.
 * @throws ProblemError `origin_not_allowed` (403)
 */
export function createOriginCheck({ listed, own }: CallingPages): (c: Context<AppEnv>) => void {
  if (!own || listed?.includes('*')) return () => {};
  return (c) => {
    if (SAFE_METHODS.has(c.req.method)) return;
    const [origin, site] = [c.req.header('origin'), c.req.header('sec-fetch-site')]; // browsers set both, and no page can
    if (site === 'same-origin' || (origin === undefined && site !== 'cross-site')) return;
    if (origin !== undefined && (listed?.includes(origin) || isOfThisMachine(origin, c.req.header('host'), own))) return;
    const page = origin === undefined ? 'another site' : origin.slice(0, 255);
    const detail = `Outside production a page of ${page} may not act here. If it is yours, add its origin to CORS_ORIGINS.`;
    throw new ProblemError('origin_not_allowed', detail);
  };
}

/** Whether an address is one of the operators' own. */
export function isOfOperators(path: string): boolean {
  return path === '/admin' || path.startsWith('/admin/');
}

/**
 * Refuses requests for the operators' addresses that a page of another site sends, also one that
 * CORS_ORIGINS lists. Browsers say where a page stands (Fetch Metadata), or at least its origin.
 * @throws ProblemError `origin_not_allowed` (403)
 */
export function checkAdminOrigin(c: Context<AppEnv>): void {
  const [origin, site] = [c.req.header('origin'), c.req.header('sec-fetch-site')];
  if (site === 'same-origin' || site === 'none') return; // `none`: the user has typed the address
  if (site === undefined && (origin === undefined || origin.replace(/^https?:\/\//, '') === c.req.header('host'))) return;
  if (site !== undefined && origin === undefined && isNavigation(c)) return; // a link to the page, which has no data
  throw new ProblemError('origin_not_allowed', 'Only pages of this server itself may ask for the addresses of operators.');
}

/** Whether the browser opens this address in a window. Then no script of another page reads it. */
function isNavigation(c: Context<AppEnv>): boolean {
  return c.req.method === 'GET' && c.req.header('sec-fetch-mode') === 'navigate' && c.req.header('sec-fetch-dest') === 'document';
}
