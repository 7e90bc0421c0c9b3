/**
 * The public keys of a Supabase project (JWKS, RFC 7517): fetched when a token needs them, and used
 * on for a while if they can't be fetched.
 */
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
  /**
   * How long after a fetch an unknown key does not lead to another one. So long a key that was just
   * made may be unknown.
   */
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

/**
 * How a key set works. `kept`: where it keeps the keys that it has fetched; without it a restart
 * forgets them.
 */
export type KeySetParts = { options?: Partial<KeySetOptions>; kept?: KeptKeys | undefined; onError?: (error: unknown) => void };

/**
 * Keeps keys for other processes, and over a restart. What it keeps is as trusted as who can write
 * to it.
 */
export type KeptKeys = { load(): Promise<string | null>; save(text: string, ttlMs: number): Promise<unknown> };

/** The key set at an address. */
export class KeySet {
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  /** How long keys are used after they were last known to hold, in ms. */
  readonly #goodMs: number;
  readonly #kept: KeptKeys | undefined;
  readonly #onError: (error: unknown) => void;
  /** When the keys were last known to hold, on performance.now()'s clock. */
  #checkedAt = Number.NEGATIVE_INFINITY;
  #saved: JSONWebKeySet | undefined;

  constructor(url: URL, { options = {}, kept, onError = () => {} }: KeySetParts = {}) {
    const { cooldownMs, maxAgeMs, maxStaleMs, timeoutMs } = { ...DEFAULTS, ...options };
    this.#remote = createRemoteJWKSet(url, { timeoutDuration: timeoutMs, cooldownDuration: cooldownMs, cacheMaxAge: maxAgeMs });
    this.#goodMs = maxAgeMs + maxStaleMs;
    this.#kept = kept;
    this.#onError = onError;
  }

  /**
   * Finds the key of a token. Rejects with KeysUnavailableError, or with an error of jose's if the
   * set has no such key.
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    try {
      const key = await this.#remote(header, token);
      this.#noteFresh();
      return key;
    } catch (error) {
      if (!isOutage(error)) throw error;
      this.#onError(error);
      const known = await this.#lastGood();
      if (known) return createLocalJWKSet(known)(header, token);
      throw new KeysUnavailableError('the keys can not be fetched', { cause: error });
    }
  }

  /** Fetches the keys before the first token comes. It never rejects. */
  prepare(): Promise<void> {
    return this.#remote.reload().then(() => this.#noteFresh(), this.#onError);
  }

  /** Notes that the keys hold, and keeps those that were just fetched. */
  #noteFresh(): void {
    const keys = this.#remote.jwks();
    if (!this.#remote.fresh || !keys) return;
    this.#checkedAt = performance.now();
    if (keys === this.#saved) return;
    this.#saved = keys;
    this.#kept?.save(JSON.stringify(keys), this.#goodMs).catch(this.#onError);
  }

  /** The last good keys: those that this process has fetched, else those that another one has. */
  async #lastGood(): Promise<JSONWebKeySet | undefined> {
    const known = this.#remote.jwks();
    if (known) return performance.now() - this.#checkedAt < this.#goodMs ? known : undefined;
    const text = await this.#kept?.load().catch((error: unknown) => (this.#onError(error), null));
    return text ? parseKeys(text) : undefined;
  }
}

/** Reads keys that were kept; undefined where the text is none. */
function parseKeys(text: string): JSONWebKeySet | undefined {
  const { keys } = (parseJson(text) ?? {}) as Partial<JSONWebKeySet>;
  return Array.isArray(keys) ? { keys } : undefined;
}

/** Whether an error is about fetching the keys, and not about the token. */
function isOutage(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  // Another status than 200, and no JSON, are jose's general error. What fetch itself throws is
  // none of jose's.
  return error instanceof errors.JOSEError ? error.code === errors.JOSEError.code : error instanceof Error;
}
