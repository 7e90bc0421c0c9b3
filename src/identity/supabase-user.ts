/**
 * Users of Supabase: the access token of a session (a JWT, RFC 7519) is checked here, without
 * asking Supabase about each one.
 */
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { ProblemError } from '../job/problem.ts';
import type { Caller, Identification, ReadHeader } from './caller.ts';
import { KeySet, type KeySetParts, KeysUnavailableError } from './key-set.ts';

/** A Supabase project. */
export type SupabaseProject = {
  /** Its address, such as `https://abc.supabase.co`, without a slash at its end. */
  url: string;
  /** The secret of projects that sign with HS256, also while they move on to keys. */
  jwtSecret?: string | undefined;
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** How much clocks may differ, in s. */
const CLOCK_TOLERANCE_S = 5;

/** When it is worth asking again while keys can't be fetched, in ms. */
const OUTAGE_MS = 5000;

/**
 * Identification by a Supabase session. The `user-id` header and a body's `userId` mean nothing
 * then.
 */
export function bySupabase(project: SupabaseProject, keys: Pick<KeySet, 'find'> = keysOf(project)): Identification {
  const verify = remember(createVerify(project, keys));
  return {
    required: true,
    description: `by sessions of the Supabase project at ${project.url}`,
    advice: "Say who you are: send Authorization: Bearer with the access token of the user's Supabase session.",
    identify(headerOf) {
      const token = bearerOf(headerOf);
      return token === undefined ? undefined : verify(token);
    },
  };
}

/** The keys of a project. */
export function keysOf({ url }: SupabaseProject, parts?: KeySetParts): KeySet {
  return new KeySet(new URL(`${url}/auth/v1/.well-known/jwks.json`), parts);
}

/** The token of a request: an empty header is none, as from a client without a session. */
function bearerOf(headerOf: ReadHeader): string | undefined {
  const header = headerOf('authorization')?.trim();
  if (header === undefined || header === '' || /^Bearer$/i.test(header)) return undefined;
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token === undefined) throw refused('token_invalid', 'The Authorization header must be: Bearer, a space, and an access token.');
  return token;
}

/** A token that was found to be good. `expiresAt`: in ms since the epoch. */
type CheckedToken = { caller: Caller; expiresAt: number };

/**
 * How long a token that was found to be good is believed without another check, in ms: a key that
 * was withdrawn holds so long at most.
 */
const BELIEVED_MS = 60_000;

/** How many tokens are remembered, of some 1 KB each. */
const MAX_REMEMBERED = 5000;

/**
 * Remembers tokens for a moment. A check takes more of the processor than all else of a poll, and
 * phones poll with the same token.
 */
function remember(check: (token: string) => Promise<CheckedToken>): (token: string) => Caller | Promise<Caller> {
  const known = new Map<string, { caller: Caller; until: number }>(); // the oldest is the first

  const checkAnew = async (token: string): Promise<Caller> => {
    const { caller, expiresAt } = await check(token);
    const now = Date.now();
    known.delete(token);
    known.set(token, { caller, until: Math.min(expiresAt, now + BELIEVED_MS) });
    for (const [other, { until }] of known) {
      if (known.size <= MAX_REMEMBERED && until > now) break;
      known.delete(other);
    }
    return caller;
  };
  return (token) => {
    const entry = known.get(token);
    return entry && entry.until > Date.now() ? entry.caller : checkAnew(token);
  };
}

/**
 * Makes the check. A token chooses by its `alg` whether the secret or a public key verifies it, and
 * no key serves both: so nobody can sign with a public key as if it were a secret.
 */
function createVerify({ url, jwtSecret }: SupabaseProject, keys: Pick<KeySet, 'find'>): (token: string) => Promise<CheckedToken> {
  const secret = jwtSecret === undefined ? undefined : new TextEncoder().encode(jwtSecret);
  const common = {
    issuer: `${url}/auth/v1`,
    audience: 'authenticated',
    clockTolerance: CLOCK_TOLERANCE_S,
    requiredClaims: ['sub', 'exp'],
  };

  const findKey: KeySet['find'] = (header, jws) => keys.find(header, jws);
  const claimsOf = async (token: string): Promise<JWTPayload> => {
    if (decodeProtectedHeader(token).alg !== 'HS256') {
      return (await jwtVerify(token, findKey, { ...common, algorithms: ['ES256', 'RS256'] })).payload;
    }
    if (!secret) throw refused('token_invalid', 'This server takes no tokens that are signed with HS256 (SUPABASE_JWT_SECRET is not set).');
    return (await jwtVerify(token, secret, { ...common, algorithms: ['HS256'] })).payload;
  };

  return async (token) => {
    try {
      const claims = await claimsOf(token);
      return { caller: { ...toCaller(claims), session: token }, expiresAt: 1000 * (claims.exp ?? 0) };
    } catch (error) {
      throw toProblemError(error);
    }
  };
}

/** The keys of a project, which an app has in it, are signed by it as well. They are no user's. */
function toCaller({ role, sub, app_metadata: metadata }: JWTPayload): Caller {
  if (role !== 'authenticated' || sub === undefined || !UUID.test(sub)) {
    throw refused('token_invalid', "This token is no user's; sign in, and send the access token of the session.");
  }
  const plan = (metadata as { plan?: unknown } | null | undefined)?.plan;
  return { user: sub.toLowerCase(), ...(typeof plan === 'string' && { plan }) };
}

function toProblemError(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof errors.JWTExpired) return refused('token_expired', 'The access token has expired; refresh the session.');
  if (error instanceof KeysUnavailableError) {
    const detail = 'Who you are can not be checked at the moment, because the keys of Supabase can not be fetched.';
    return new ProblemError('identity_unavailable', detail, { retryAfterMs: OUTAGE_MS, cause: error });
  }
  return refused('token_invalid', 'The access token is not valid here; sign in again.', error);
}

function refused(code: 'token_invalid' | 'token_expired', detail: string, cause?: unknown): ProblemError {
  return new ProblemError(code, detail, { cause, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } });
}
