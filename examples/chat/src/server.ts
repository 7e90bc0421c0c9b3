/** Where the answers come from, and who asks. */

/** The kind of job that answers. */
const KIND = 'generate-flashcards';

/** How many cards each answer of the chat has. */
export const COUNT = 8;

/** The addresses for each hook of the AI SDK. */
export const API = { chat: `/api/chat/${KIND}`, completion: `/api/completion/${KIND}`, object: `/api/object/${KIND}` } as const;

/**
 * The headers of each request. Without users each key is a user of its own, so this browser sees its own chats
 * only. An app with users sends the access token of the session instead.
 */
export function headers(): Record<string, string> {
  let key = localStorage.getItem('key');
  if (key === null) localStorage.setItem('key', (key = crypto.randomUUID()));
  return { authorization: `Bearer ${key}` };
}
