/** The client of the app: one for the whole app, with the session of its user. */
import type { SupabaseClient } from '@supabase/supabase-js';
import { type Client, createClient } from 'ai-jobs-client';
import { fetch as streamingFetch } from 'expo/fetch';

/** React Native's own fetch does not stream. */
const fetchThatStreams = streamingFetch as unknown as typeof fetch;

/** Makes the client of a user who has signed in. A session that has expired is refreshed when its token is asked for. */
export function createAi(baseUrl: string, supabase: Pick<SupabaseClient, 'auth'>): Client {
  const token = async () => (await supabase.auth.getSession()).data.session?.access_token;
  return createClient({ baseUrl, token, fetch: fetchThatStreams });
}

/** Makes the client for a server in development, which believes a name. */
export function createAiOf(user: string, baseUrl: string): Client {
  return createClient({ baseUrl, headers: { 'user-id': user }, fetch: fetchThatStreams });
}
