/** Tokens in addresses. EventSource can't send headers, so the address of a job's stream has a token that allows reading this one job. */
import { isEqual } from './constant-time.ts';
import type { TokenSecrets } from './token-secrets.ts';

/** The result of checking a token. `expired`: it is genuine, but too old. */
export type TokenVerdict = 'valid' | 'invalid' | 'expired';

/** Makes a token for reading this job. */
export type IssueToken = (jobId: string) => string;

/** Makes and checks tokens. */
export type StreamTokens = {
  /** Resolves with the function that makes tokens, for one answer: it signs with the secret of now. */
  issuer(): Promise<IssueToken>;
  /** Checks a token that came with a request for this job. */
  check(jobId: string, token: string): Promise<TokenVerdict>;
};

/** HMAC-SHA-256 (RFC 2104) of a text, in base64url without padding. The runtime has it. */
export type Sign = (secret: string, text: string) => string;

/** The headers of a 401 for a token that is not valid (RFC 6750, section 3.1). */
export const BEARER_INVALID = { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };

/**
 * The expiry of a token that does not expire: the latest that the field can hold. Processes of the version before
 * require an expiry. With this one they accept the token, too, while both versions run.
 */
const NEVER = 'zzzzzzzzzz';

/** What tokens are made with. `ttlS`: how long they are valid, in s; if it is undefined, as long as their job can be found. */
export type TokenOptions = { sign: Sign; secrets: TokenSecrets; ttlS: number | undefined };

/** Tokens have the form `expiry.signature`: the second they expire at, in base 36, and HMAC-SHA-256 over it and the job's id. */
export function createStreamTokens({ sign, secrets, ttlS }: TokenOptions): StreamTokens {
  return {
    async issuer() {
      const secret = await secrets.signing();
      const expiry = ttlS === undefined ? NEVER : (Math.floor(Date.now() / 1000) + ttlS).toString(36);
      return (jobId) => `${expiry}.${sign(secret, claimOf(jobId, expiry))}`;
    },
    async check(jobId, token) {
      const [, expiry, signature] = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
      if (expiry === undefined || signature === undefined) return 'invalid';
      const claim = claimOf(jobId, expiry);
      const isSignedWith = (list: string[]) => list.some((secret) => isEqual(sign(secret, claim), signature));
      const known = await secrets.known();
      if (!isSignedWith(known)) {
        const others = (await secrets.refreshed()).filter((secret) => !known.includes(secret));
        if (!isSignedWith(others)) return 'invalid';
      }
      // The version before put an expiry into every token. It counts only if a lifetime is set.
      return ttlS !== undefined && Number.parseInt(expiry, 36) * 1000 < Date.now() ? 'expired' : 'valid';
    },
  };
}

function claimOf(jobId: string, expiry: string): string {
  return `stream ${jobId} ${expiry}`;
}
