/** Puts together who may call, and the addresses that callers get. */
import type { Config } from './config.ts';
import type { AppDeps } from './http/app-deps.ts';
import { createValueAddresses, jobUrls } from './http/job-addresses.ts';
import { StreamTokens } from './http/stream-token.ts';
import { fixedSecrets, SharedSecrets } from './http/token-secrets.ts';
import { digestOf, hmacOf } from './store/digest.ts';
import type { Identification } from './identity/caller.ts';
import { identificationFor } from './identity/identification.ts';
import type { JobQueue } from './jobs/queue.ts';
import type { Kind } from './kinds/kind.ts';
import type { ProcessStore } from './store/store.ts';
import type { Addressing } from './stream/job-channel.ts';

/** Who may call, and the addresses that callers get. */
export type AccessParts = Pick<AppDeps, 'identity' | 'tokens' | 'outputUrls'> & {
  /** Makes the addresses in one job's events. */
  addressing: Addressing;
  /** Makes the address at which a job's status is read. */
  statusUrl: (jobId: string) => Promise<string>;
};

/** Makes tokens and addresses, and opens what identifies users. */
export async function openAccess(store: ProcessStore, queue: JobQueue, kinds: readonly Kind[], config: Config): Promise<AccessParts> {
  const tokens = createTokens(queue, config.stream);
  const identity = await openIdentity(store, config.auth);
  const { required } = identity;
  const outputUrls = createValueAddresses(kinds, required);
  return {
    identity,
    tokens,
    outputUrls,
    addressing: async (jobId) => outputUrls(jobId)?.(await tokens.issuer()),
    statusUrl: async (jobId) => jobUrls(jobId, await tokens.issuer(), required).statusUrl,
  };
}

/**
 * The tokens of streams, signed with the secrets that are set,
 * or with one that all processes agree on.
 */
function createTokens(queue: JobQueue, { tokenSecrets, tokenTtlS }: Config['stream']): StreamTokens {
  const secrets = tokenSecrets
    ? fixedSecrets(tokenSecrets)
    : new SharedSecrets((own) => queue.shared('stream-token-secret', () => own), randomSecret);
  return new StreamTokens(hmacOf, secrets, tokenTtlS);
}

/** How users are identified. The public keys of a Supabase project are kept in Redis. */
function openIdentity(store: ProcessStore, auth: Config['auth']): Promise<Identification> {
  const { redis, keys } = store;
  const sharedKeys = keys.shared(`jwks:${auth.type === 'supabase' ? auth.url : ''}`);
  const kept = { load: () => redis.get(sharedKeys), save: (text: string, ttlMs: number) => redis.set(sharedKeys, text, 'PX', ttlMs) };
  return identificationFor(auth, { kept, onError: store.onError('identity') }, digestOf);
}

/** A secret of 256 random bits. */
export function randomSecret(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url');
}
