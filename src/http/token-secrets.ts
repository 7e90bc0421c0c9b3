/**
 * The secrets that tokens are signed with: a fixed list, or one that all API processes share
 * through Redis.
 */

/** Where the secrets come from. */
export type TokenSecrets = {
  /** The secret that new tokens are signed with. */
  signing(): Promise<string>;
  /** Every secret whose tokens are valid, the newest first. */
  known(): Promise<string[]>;
  /** The same, after asking for a newer secret: for a token that no known secret has signed. */
  refreshed(): Promise<string[]>;
};

/**
 * Secrets from the environment. The first signs and all verify, so that a secret can be changed
 * while its tokens are in use.
 */
export function fixedSecrets(list: [string, ...string[]]): TokenSecrets {
  return { signing: async () => list[0], known: async () => list, refreshed: async () => list };
}

/** How many secrets a process remembers. */
const KNOWN = 8;

/**
 * The shortest pause between two questions for a newer secret, in ms. Without it invalid tokens
 * could keep Redis busy.
 */
const LOOK_AGAIN_MS = 100;

/**
 * A secret that is made once and shared by all processes. A secret that was replaced still
 * verifies.
 */
export class SharedSecrets implements TokenSecrets {
  readonly #agree: (own: string) => Promise<string>;
  readonly #propose: () => string;
  #secrets: string[] = [];
  #asking: Promise<string[]> | undefined;
  #looking: Promise<string[]> | undefined;
  #lastLook = -Infinity;

  /**
   * `agree` resolves with the shared secret; if there is none, it shares the one it is given. It is
   * called before each token is signed. So the other processes can always find the secret, even
   * after the store has lost everything.
   */
  constructor(agree: (own: string) => Promise<string>, propose: () => string) {
    this.#agree = agree;
    this.#propose = propose;
  }

  async signing(): Promise<string> {
    const [first] = await this.#ask().catch((error: unknown) => {
      if (this.#secrets.length > 0) return this.#secrets;
      throw error;
    });
    return first ?? '';
  }

  async known(): Promise<string[]> {
    return this.#secrets.length > 0 ? this.#secrets : this.#ask();
  }

  refreshed(): Promise<string[]> {
    this.#looking ??= this.#lookAgain();
    return this.#looking;
  }

  /** Asks for the shared secret. Calls during a question share its answer. */
  #ask(): Promise<string[]> {
    this.#asking ??= this.#agree(this.#secrets[0] ?? this.#propose())
      .then((shared) => (this.#secrets = [shared, ...this.#secrets.filter((secret) => secret !== shared)].slice(0, KNOWN)))
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #lookAgain(): Promise<string[]> {
    const pauseMs = this.#lastLook + LOOK_AGAIN_MS - performance.now();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    this.#lastLook = performance.now();
    this.#looking = undefined; // a later call may have a token of a newer secret than this question finds
    return this.#ask();
  }
}
