/** The public keys of a Supabase project (JWKS, RFC 7517): fetched when a token needs them, and used on for a while if they can't be fetched. */
import { parseJson } from '../job/parse-json.ts';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type CryptoKey,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
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

/** What a key set is made with beside its address. `kept`: where it keeps what it has fetched; else a restart forgets it. */
export type KeySetParts = { options?: Partial<KeySetOptions>; kept?: KeptKeys | undefined; onError?: (error: unknown) => void };

/** Keeps keys for other processes, and over a restart. What it keeps is as trusted as who can write to it. */
export type KeptKeys = { load(): Promise<string | null>; save(text: string, ttlMs: number): Promise<unknown> };

/** A key set. `find` finds the key of a token. `prepare` fetches the keys before the first token comes; it never rejects. */
export type KeySet = { find: FindKey; prepare(): Promise<void> };

/** Makes the key set at this address. */
export function createKeySet(url: URL, { options = {}, kept, onError = () => {} }: KeySetParts = {}): KeySet {
  const { cooldownMs, maxAgeMs, maxStaleMs, timeoutMs } = { ...DEFAULTS, ...options };
  const remote = createRemoteJWKSet(url, { timeoutDuration: timeoutMs, cooldownDuration: cooldownMs, cacheMaxAge: maxAgeMs });
  const goodMs = maxAgeMs + maxStaleMs;
  let checkedAt = Number.NEGATIVE_INFINITY; // when the keys were last known to hold
  let saved: JSONWebKeySet | undefined;

  /** Notes that the keys hold, and keeps those that were just fetched. */
  const noteFresh = (): void => {
    const keys = remote.jwks();
    if (!remote.fresh || !keys) return;
    checkedAt = performance.now();
    if (keys === saved) return;
    saved = keys;
    kept?.save(JSON.stringify(keys), goodMs).catch(onError);
  };

  /** The last good keys: those that this process has fetched, else those that another one has. */
  const lastGood = async (): Promise<JSONWebKeySet | undefined> => {
    const known = remote.jwks();
    if (known) return performance.now() - checkedAt < goodMs ? known : undefined;
    const text = await kept?.load().catch((error: unknown) => (onError(error), null));
    return text ? parseKeys(text) : undefined;
  };

  return {
    async find(header, token) {
      try {
        const key = await remote(header, token);
        noteFresh();
        return key;
      } catch (error) {
        if (!isOutage(error)) throw error;
        onError(error);
        const known = await lastGood();
        if (known) return createLocalJWKSet(known)(header, token);
        throw new KeysUnavailableError('the keys can not be fetched', { cause: error });
      }
    },
    prepare: () => remote.reload().then(noteFresh, onError),
  };
}

/** Reads keys that were kept; undefined where the text is none. */
function parseKeys(text: string): JSONWebKeySet | undefined {
  const { keys } = (parseJson(text) ?? {}) as Partial<JSONWebKeySet>;
  return Array.isArray(keys) ? { keys } : undefined;
}

/** Whether an error is about fetching the keys, and not about the token. */
function isOutage(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  // Another status than 200, and no JSON, are jose's general error. What fetch itself throws is none of jose's.
  return error instanceof errors.JOSEError ? error.code === errors.JOSEError.code : error instanceof Error;
}
