/** The secrets that tokens are signed with: a fixed list, or one that all API processes share through Redis. */

/** Where the secrets come from. */
export type TokenSecrets = {
  /** The secret that new tokens are signed with. */
  signing(): Promise<string>;
  /** Every secret whose tokens are valid, the newest first. */
  known(): Promise<string[]>;
  /** The same, after asking for a newer secret. For a token that none of the known secrets has signed. */
  refreshed(): Promise<string[]>;
};

/** Secrets from the environment. The first signs and all verify, so that a secret can be changed while its tokens are in use. */
export function fixedSecrets(list: [string, ...string[]]): TokenSecrets {
  return { signing: async () => list[0], known: async () => list, refreshed: async () => list };
}

/** How many secrets a process remembers. */
const KNOWN = 8;

/** The shortest pause between two questions for a newer secret, in ms. Without it invalid tokens could keep Redis busy. */
const LOOK_AGAIN_MS = 100;

/**
 * A secret that is made once and shared by all processes. `agree` resolves with the shared secret; if there is none, it
 * shares the one it is given. It is called before each token is signed. So the other processes can always find the
 * secret, even after the store has lost everything. A secret that was replaced still verifies.
 */
export function sharedSecrets(agree: (own: string) => Promise<string>, propose: () => string): TokenSecrets {
  let secrets: string[] = [];
  let asking: Promise<string[]> | undefined;
  let looking: Promise<string[]> | undefined;
  let lastLook = -Infinity;

  /** Asks for the shared secret. Calls during a question share its answer. */
  const ask = (): Promise<string[]> => {
    asking ??= agree(secrets[0] ?? propose())
      .then((shared) => (secrets = [shared, ...secrets.filter((secret) => secret !== shared)].slice(0, KNOWN)))
      .finally(() => (asking = undefined));
    return asking;
  };

  const lookAgain = async (): Promise<string[]> => {
    const pauseMs = lastLook + LOOK_AGAIN_MS - performance.now();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    lastLook = performance.now();
    looking = undefined; // a later call may have a token of a newer secret than this question finds
    return ask();
  };

  return {
    async signing() {
      const [first] = await ask().catch((error: unknown) => {
        if (secrets.length > 0) return secrets;
        throw error;
      });
      return first ?? '';
    },
    known: async () => (secrets.length > 0 ? secrets : ask()),
    refreshed: () => (looking ??= lookAgain()),
  };
}
