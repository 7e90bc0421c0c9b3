/** The client of a Supabase project, for the server: it keeps no session, tries nothing again by itself, and no request takes for ever. */
import { createClient, type SupabaseClient } from '@supabase/supabase-js';

/** A project, with a key. */
export type SupabaseAccess = { url: string; key: string };

/** How long a request for rows, and one for a file, may take, in ms. They count until the last byte. */
const ROWS_MS = 8000;
const FILES_MS = 60_000;

/** Makes it. supabase-js would try reads again for 7 s, and has no limit for an answer that stops in the middle. */
export function createSupabase({ url, key }: SupabaseAccess): SupabaseClient {
  return createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    db: { retry: false },
    global: { fetch: boundedFetch },
  });
}

const boundedFetch: typeof fetch = (input, init) => {
  const address = input instanceof Request ? input.url : String(input);
  const timeout = AbortSignal.timeout(address.includes('/storage/v1/') ? FILES_MS : ROWS_MS);
  return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout });
};
