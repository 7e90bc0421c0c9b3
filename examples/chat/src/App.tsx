/** The app: a chat, and the two other hooks of the AI SDK, one at a time. */
import { useEffect, useState } from 'react';
import { Chat } from './Chat.tsx';
import { Completion } from './Completion.tsx';
import { ObjectForm } from './ObjectForm.tsx';

/** What there is, by the address's hash. */
const VIEWS = {
  '#chat': { name: 'Chat', View: Chat },
  '#completion': { name: 'Completion', View: Completion },
  '#object': { name: 'Object', View: ObjectForm },
} as const;

type Hash = keyof typeof VIEWS;

const hashNow = (): Hash => (location.hash in VIEWS ? (location.hash as Hash) : '#chat');

/** The whole page. */
export function App() {
  const [hash, setHash] = useState(hashNow);
  useEffect(() => {
    const look = () => setHash(hashNow());
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  const { View } = VIEWS[hash];
  return (
    <>
      <header>
        <h1>Cards by chat</h1>
        <nav>
          {Object.entries(VIEWS).map(([to, { name }]) => (
            <a aria-current={to === hash ? 'page' : undefined} href={to} key={to}>
              {name}
            </a>
          ))}
        </nav>
      </header>
      <View />
    </>
  );
}
