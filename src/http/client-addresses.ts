/**
 * The addresses that serve other people's clients, unmodified. They differ in how a caller is known
 * and in what an error looks like.
 */

/** The clients whose addresses there are. */
export type ClientProtocol = 'ai-sdk' | 'openai';

const PROTOCOLS: readonly (readonly [ClientProtocol, RegExp])[] = [
  ['ai-sdk', /^\/api\/(?:chat|completion|object)\//],
  ['openai', /^\/v1(?:\/|$)/],
];

/**
 * Whether at an address a key is a user, where no user has to be named: at those of other clients,
 * and where their users read by which secret their webhooks are signed.
 */
export function takesKeys(path: string): boolean {
  return clientProtocolOf(path) !== undefined || path.startsWith('/api/webhooks/');
}

/** Whose address a path is; undefined for our own. */
export function clientProtocolOf(path: string): ClientProtocol | undefined {
  return PROTOCOLS.find(([, addresses]) => addresses.test(path))?.[0];
}
