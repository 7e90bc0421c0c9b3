/**
 * Tokens in addresses. EventSource can't send headers, so the address of a job's stream has a token
 * that allows reading this one job.
 */
import { isEqual } from '../identity/constant-time.ts';
import type { TokenSecrets } from './token-secrets.ts';

/** The result of checking a token. `expired`: it is genuine, but too old. */
export type TokenVerdict = 'valid' | 'invalid' | 'expired';

/** Makes a token for reading this job. */
export type IssueToken = (jobId: string) => string;

/** HMAC-SHA-256 (RFC 2104) of a text, in base64url without padding. The runtime has it. */
export type Sign = (secret: string, text: string) => string;

/** The headers of a 401 for a token that is not valid (RFC 6750, section 3.1). */
export const BEARER_INVALID = { headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };

/**
 * The expiry of a token that does not expire: the latest that the field can hold. Processes of the
 * version before require an expiry. With this one they accept the token, too, while both versions
 * run.
 */
const NEVER = 'zzzzzzzzzz';

/**
 * Makes and checks tokens. They have the form `expiry.signature`: the second they expire at, in
 * base 36, and HMAC-SHA-256 over it and the job's id.
 */
export class StreamTokens {
  readonly #sign: Sign;
  readonly #secrets: TokenSecrets;
  readonly #ttlS: number | undefined;

  /** `ttlS`: how long tokens are valid, in s; undefined: as long as their job can be found. */
  constructor(sign: Sign, secrets: TokenSecrets, ttlS?: number) {
    this.#sign = sign;
    this.#secrets = secrets;
    this.#ttlS = ttlS;
  }

  /**
   * Resolves with the function that makes tokens, for one answer: it signs with the secret of now.
   */
  async issuer(): Promise<IssueToken> {
    const secret = await this.#secrets.signing();
    const expiry = this.#ttlS === undefined ? NEVER : (Math.floor(Date.now() / 1000) + this.#ttlS).toString(36);
    return (jobId) => `${expiry}.${this.#sign(secret, claimOf(jobId, expiry))}`;
  }

  /** Checks a token that came with a request for this job. */
  async check(jobId: string, token: string): Promise<TokenVerdict> {
    const [, expiry, signature] = /^([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
    if (expiry === undefined || signature === undefined) return 'invalid';
    const claim = claimOf(jobId, expiry);
    const isSignedWith = (list: string[]) => list.some((secret) => isEqual(this.#sign(secret, claim), signature));
    const known = await this.#secrets.known();
    if (!isSignedWith(known)) {
      const others = (await this.#secrets.refreshed()).filter((secret) => !known.includes(secret));
      if (!isSignedWith(others)) return 'invalid';
    }
    // The version before put an expiry into every token. It counts only if a lifetime is set.
    return this.#ttlS !== undefined && Number.parseInt(expiry, 36) * 1000 < Date.now() ? 'expired' : 'valid';
  }
}

function claimOf(jobId: string, expiry: string): string {
  return `stream ${jobId} ${expiry}`;
}
