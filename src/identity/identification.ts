/** Chooses how users are identified, by the settings. */
import type { Identification } from './caller.ts';
import type { KeySetParts } from './key-set.ts';
import { byHeader, type DigestOfKey } from './named-user.ts';
import type { SupabaseProject } from './supabase-user.ts';

/**
 * How users are identified: not at all, by a header that a gateway sets, or by sessions of a
 * Supabase project.
 */
export type Auth = { type: 'none' } | { type: 'trusted-header' } | ({ type: 'supabase' } & SupabaseProject);

/**
 * How long the start waits for a project's keys, in ms. Without them it goes on, and they are
 * fetched when a token comes.
 */
const PREPARE_MS = 1000;

/**
 * Makes the identification. The code that checks tokens is loaded only where a project of Supabase
 * is named. `keys`: how its keys are kept. `digest`: makes a user of a key where no user is named.
 */
export async function identificationFor(auth: Auth, keys: KeySetParts, digest: DigestOfKey): Promise<Identification> {
  if (auth.type !== 'supabase') return byHeader(auth.type === 'trusted-header', digest);
  const { bySupabase, keysOf } = await import('./supabase-user.ts');
  const keySet = keysOf(auth, keys);
  await Promise.race([keySet.prepare(), new Promise((resolve) => setTimeout(resolve, PREPARE_MS).unref())]);
  return bySupabase(auth, keySet);
}
