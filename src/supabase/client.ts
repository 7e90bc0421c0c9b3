/**
 * The client of a Supabase project, for the server: it keeps no session, tries nothing again by
 * itself, and no request takes for ever.
 */
import { createClient, type SupabaseClient } from '@supabase/supabase-js';

/** A project, with a key. */
export type SupabaseAccess = { url: string; key: string };

/**
 * How long a request may take, and one that sends a file, in ms. They count until the last byte.
 */
const REQUEST_MS = 8000;
const UPLOAD_MS = 60_000;

/**
 * Makes the client. supabase-js would try reads again for 7 s, and has no limit for an answer that
 * stops in the middle.
 */
export function createSupabase({ url, key }: SupabaseAccess): SupabaseClient {
  return createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    db: { retry: false },
    global: { fetch: boundedFetch },
  });
}

const boundedFetch: typeof fetch = (input, init) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  const isUpload = (init?.method === 'POST' || init?.method === 'PUT') && /\/storage\/v1\/object\/(?!list\/)/.test(pathname);
  const timeout = AbortSignal.timeout(isUpload ? UPLOAD_MS : REQUEST_MS);
  // A redirect is not followed: the header `apikey` would go along to another server.
  return fetch(input, { ...init, redirect: 'error', signal: init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout });
};
