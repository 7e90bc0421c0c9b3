/** The way of identification that the environment says. */
import type { Identification } from './caller.ts';
import { byHeader } from './named-user.ts';
import type { SupabaseProject } from './supabase-user.ts';

/** How users are identified: not at all, by a header that a gateway sets, or by sessions of a Supabase project. */
export type Auth = { type: 'none' } | { type: 'trusted-header' } | ({ type: 'supabase' } & SupabaseProject);

/** Makes it. The code that checks tokens is loaded only where a project of Supabase is named. */
export async function identificationFor(auth: Auth): Promise<Identification> {
  if (auth.type !== 'supabase') return byHeader(auth.type === 'trusted-header');
  return (await import('./supabase-user.ts')).bySupabase(auth);
}
