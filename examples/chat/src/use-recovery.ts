/**
 * Goes on after a lost connection, and after a reload, until the answer is there. Nothing is bought twice by that: the
 * server knows a message by its id, and the answer is a job that goes on without the page.
 */
import type { UseChatHelpers } from '@ai-sdk/react';
import { APICallError } from 'ai';
import { useEffect, useRef } from 'react';
import type { ChatMessage } from './kept-chat.ts';

/** The longest pause between two tries, in ms. */
const LONGEST_MS = 10_000;

type Helpers = Pick<UseChatHelpers<ChatMessage>, 'status' | 'error' | 'messages' | 'sendMessage' | 'resumeStream'>;

/** Returns whether the connection is lost, and is tried again. */
export function useRecovery({ status, error, messages, sendMessage, resumeStream }: Helpers): boolean {
  const tries = useRef(0);
  const isUnanswered = messages.at(-1)?.role === 'user';
  const isUnsent = useRef(isUnanswered); // as the page began: it went before its message had arrived
  const isLost = status === 'error' && passesByItself(error);

  useEffect(() => {
    if (status === 'streaming') tries.current = 0;
    const isFirst = isUnsent.current && status === 'ready';
    if (!isLost && !isFirst) return;
    const pause = isFirst ? 0 : Math.min(LONGEST_MS, 500 * 2 ** tries.current++) * (1 + Math.random() / 2);
    const timer = setTimeout(() => {
      isUnsent.current = false;
      void (isUnanswered ? sendMessage() : resumeStream());
    }, pause);
    return () => clearTimeout(timer);
  }, [error, isLost, isUnanswered, status, sendMessage, resumeStream]);

  return isLost;
}

/** Whether an error is one of the connection, or of a server that is away. A job that has failed is neither. */
function passesByItself(error: Error | undefined): boolean {
  return APICallError.isInstance(error) ? error.isRetryable : error instanceof TypeError;
}
