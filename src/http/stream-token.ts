/** Tokens in addresses. EventSource can't send headers, so the address of a job's stream has a token that allows reading this one job. */
import { toBase64Url } from '../job/id.ts';
import type { TokenSecrets } from './token-secrets.ts';

/** The result of checking a token. `expired`: it is genuine, but too old. */
export type TokenVerdict = 'valid' | 'invalid' | 'expired';

/** Makes and checks tokens. */
export type StreamTokens = {
  /** Makes a token for reading this job. */
  issue(jobId: string): Promise<string>;
  /** Checks a token that came with a request for this job. */
  check(jobId: string, token: string): Promise<TokenVerdict>;
};

/** The headers of a 401 for a token that is not valid (RFC 6750, section 3.1). */
export const BEARER_INVALID = { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };

/**
 * The expiry of a token that does not expire: the latest that the field can hold. Processes of the version before
 * require an expiry. With this one they accept the token, too, while both versions run.
 */
const NEVER = 'zzzzzzzzzz';

/** What tokens are made with. `ttlS`: how long they are valid, in s; if it is undefined, as long as their job can be found. */
export type TokenOptions = { secrets: TokenSecrets; ttlS: number | undefined };

type SigningKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Tokens have the form `expiry.signature`: the second they expire at, in base 36, and HMAC-SHA-256 over it and the job's id. */
export function createStreamTokens({ secrets, ttlS }: TokenOptions): StreamTokens {
  const imported = new Map<string, Promise<SigningKey>>();
  const keyOf = (secret: string): Promise<SigningKey> => {
    const key =
      imported.get(secret) ??
      crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
    imported.set(secret, key);
    return key;
  };
  /** Whether one of the secrets has signed. `verify` takes the same time wherever two signatures differ. */
  const isSignedWith = async (list: string[], signature: Uint8Array<ArrayBuffer>, claim: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    for (const secret of list) if (await crypto.subtle.verify('HMAC', await keyOf(secret), signature, claim)) return true;
    return false;
  };

  return {
    async issue(jobId) {
      const expiry = ttlS === undefined ? NEVER : (Math.floor(Date.now() / 1000) + ttlS).toString(36);
      const signature = await crypto.subtle.sign('HMAC', await keyOf(await secrets.signing()), claimOf(jobId, expiry));
      return `${expiry}.${toBase64Url(new Uint8Array(signature))}`;
    },
    async check(jobId, token) {
      const [, expiry, text] = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
      if (expiry === undefined || text === undefined) return 'invalid';
      const [signature, claim] = [fromBase64Url(text), claimOf(jobId, expiry)];
      const known = await secrets.known();
      if (!(await isSignedWith(known, signature, claim))) {
        const others = (await secrets.refreshed()).filter((secret) => !known.includes(secret));
        if (!(await isSignedWith(others, signature, claim))) return 'invalid';
      }
      // The version before put an expiry into every token. It counts only if a lifetime is set.
      return ttlS !== undefined && Number.parseInt(expiry, 36) * 1000 < Date.now() ? 'expired' : 'valid';
    },
  };
}

function claimOf(jobId: string, expiry: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`stream ${jobId} ${expiry}`);
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
}
