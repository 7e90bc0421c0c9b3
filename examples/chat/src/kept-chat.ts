/** What the browser keeps of the chat, so that a page that is loaded again shows it and goes on with it. */
import type { UIMessage } from 'ai';

/** A message of this chat: its parts are those of a job. */
export type ChatMessage = UIMessage<
  { jobId: string; cancelUrl: string },
  {
    item: { list: string; index: number; value: { front: string; back: string } };
    attempt: { attempt: number; itemsKept: number; code: string };
    result: { flashcards: { front: string; back: string }[] };
  }
>;

/** A chat: its id, which the server knows it by, and what was said. */
export type KeptChat = { id: string; messages: ChatMessage[] };

/** The chat that is kept, or a new one. */
export function readChat(): KeptChat {
  const text = localStorage.getItem('chat');
  return text === null ? { id: crypto.randomUUID(), messages: [] } : (JSON.parse(text) as KeptChat);
}

/** Keeps it. */
export function keepChat(chat: KeptChat): void {
  localStorage.setItem('chat', JSON.stringify(chat));
}

/** Forgets it. */
export function forgetChat(): void {
  localStorage.removeItem('chat');
}
