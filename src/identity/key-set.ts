/** The public keys of a Supabase project (JWKS, RFC 7517): fetched when a token needs them, and used on for a while if they can't be fetched. */
import { createLocalJWKSet, createRemoteJWKSet, errors, type CryptoKey, type FlattenedJWSInput, type JWSHeaderParameters } from 'jose';
import { OwnError } from '../job/own-error.ts';

/** How a key set is kept. Times are in ms. */
export type KeySetOptions = {
  /** How long after a fetch an unknown key does not lead to another one. So long a key that was just made may be unknown. */
  cooldownMs: number;
  /** How long keys are used without asking whether they still hold. */
  maxAgeMs: number;
  /** How long keys are used after that, while they can't be fetched. */
  maxStaleMs: number;
  /** How long a fetch may take. */
  timeoutMs: number;
};

const DEFAULTS: KeySetOptions = { cooldownMs: 5000, maxAgeMs: 600_000, maxStaleMs: 3_600_000, timeoutMs: 3000 };

/** The keys can't be fetched, and none are known that may still be used. */
export class KeysUnavailableError extends OwnError {
  override name = 'KeysUnavailableError';
}

/** Finds the key of a token. Rejects with KeysUnavailableError, or with an error of jose's if the set has no such key. */
export type FindKey = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** Makes the function that finds keys of the set at this address. */
export function createKeySet(url: URL, options: Partial<KeySetOptions> = {}): FindKey {
  const { cooldownMs, maxAgeMs, maxStaleMs, timeoutMs } = { ...DEFAULTS, ...options };
  const remote = createRemoteJWKSet(url, { timeoutDuration: timeoutMs, cooldownDuration: cooldownMs, cacheMaxAge: maxAgeMs });
  let checkedAt = Number.NEGATIVE_INFINITY; // when the keys were last known to hold

  return async (header, token) => {
    try {
      const key = await remote(header, token);
      if (remote.fresh) checkedAt = performance.now();
      return key;
    } catch (error) {
      if (!isOutage(error)) throw error;
      const known = remote.jwks();
      if (known && performance.now() - checkedAt < maxAgeMs + maxStaleMs) return createLocalJWKSet(known)(header, token);
      throw new KeysUnavailableError('the keys can not be fetched', { cause: error });
    }
  };
}

/** Whether an error is about fetching the keys, and not about the token. */
function isOutage(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  // Another status than 200, and no JSON, are jose's general error. What fetch itself throws is none of jose's.
  return error instanceof errors.JOSEError ? error.code === errors.JOSEError.code : error instanceof Error;
}
