/** A chat whose answers are jobs: they survive a reload of the page, a lost connection, and a lost process of the server. */
import { useChat } from '@ai-sdk/react';
import { DefaultChatTransport } from 'ai';
import { useEffect, useState } from 'react';
import { Cards } from './Cards.tsx';
import { type ChatMessage, forgetChat, keepChat, readChat } from './kept-chat.ts';
import { API, COUNT, headers } from './server.ts';
import { useRecovery } from './use-recovery.ts';

const transport = new DefaultChatTransport<ChatMessage>({ api: API.chat, headers, body: { count: COUNT } });

/** The chat that this browser keeps, or a new one. */
export function Chat() {
  const [chat, setChat] = useState(readChat);
  const startAnew = () => {
    forgetChat();
    setChat(readChat());
  };
  return <OpenChat key={chat.id} id={chat.id} saved={chat.messages} onNew={startAnew} />;
}

type OpenChatProps = { id: string; saved: ChatMessage[]; onNew: () => void };

function OpenChat({ id, saved, onNew }: OpenChatProps) {
  const hasAnswer = saved.at(-1)?.role === 'assistant'; // a message without one is sent again, which gives the same answer
  const chat = useChat<ChatMessage>({ id, messages: saved, transport, resume: hasAnswer });
  const { messages, status, error, sendMessage, regenerate } = chat;
  const isLost = useRecovery(chat);
  const [text, setText] = useState('');
  const isBusy = isLost || status === 'submitted' || status === 'streaming';
  const last = messages.at(-1);
  const cancelUrl = last?.role === 'assistant' ? last.metadata?.cancelUrl : undefined;

  useEffect(() => {
    if (messages.length > 0) keepChat({ id, messages });
  }, [id, messages]);

  // The SDK's stop() only closes the connection; the job would go on.
  const stop = (url: string) => void fetch(url, { method: 'POST', headers: headers() }).catch(() => {});
  return (
    <section aria-label="Chat">
      <ol className="messages">
        {messages.map((message) => (
          <li className={message.role} key={message.id}>
            <Message message={message} />
          </li>
        ))}
      </ol>
      <p role="status">{isLost ? 'No connection. The answer goes on; trying again…' : WORDS[status]}</p>
      {status === 'error' && !isLost && (
        <p role="alert">
          {error?.message} <button onClick={() => void regenerate()}>Try again</button>
        </p>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void sendMessage({ text });
          setText('');
        }}
      >
        <label>
          Notes
          <textarea name="notes" onChange={({ currentTarget }) => setText(currentTarget.value)} rows={3} value={text} />
        </label>
        <div className="buttons">
          <button disabled={isBusy || text.trim() === ''}>Send</button>
          {isBusy && cancelUrl !== undefined && (
            <button onClick={() => stop(cancelUrl)} type="button">
              Stop
            </button>
          )}
          {!isBusy && messages.length > 0 && (
            <button onClick={onNew} type="button">
              New chat
            </button>
          )}
        </div>
      </form>
    </section>
  );
}

const WORDS = { submitted: 'Waiting', streaming: 'Making cards', ready: '', error: '' } as const;

/** A message: what was asked, or the cards that are there, in their order. */
function Message({ message: { role, parts } }: { message: ChatMessage }) {
  if (role === 'user') return <p>{parts.map((part) => (part.type === 'text' ? part.text : ''))}</p>;
  const result = parts.find((part) => part.type === 'data-result');
  const attempt = parts.findLast((part) => part.type === 'data-attempt');
  const items = parts.flatMap((part) => (part.type === 'data-item' ? [part.data.value] : []));
  return (
    <>
      {!result && <progress aria-label="Progress" max={COUNT} value={items.length} />}
      {!result && attempt && (
        <p className="note">
          Attempt {attempt.data.attempt}, {attempt.data.itemsKept} cards kept
        </p>
      )}
      <Cards cards={result?.data.flashcards ?? items} />
    </>
  );
}
