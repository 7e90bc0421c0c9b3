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

/** Whose address a path is; undefined for our own. */
export function clientProtocolOf(path: string): ClientProtocol | undefined {
  return PROTOCOLS.find(([, addresses]) => addresses.test(path))?.[0];
}
