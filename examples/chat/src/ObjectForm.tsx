/** The same job by `useObject`: its result as an object that grows, checked by a schema at the end. */
import { useObject } from '@ai-sdk/react';
import { useState } from 'react';
import { z } from 'zod';
import { Cards } from './Cards.tsx';
import { API, headers } from './server.ts';

const schema = z.object({ flashcards: z.array(z.object({ front: z.string(), back: z.string() })) });

/** Notes, and the cards of the object. */
export function ObjectForm() {
  const { object, submit, isLoading, error } = useObject({ api: API.object, headers, schema });
  const [content, setContent] = useState('');
  return (
    <section aria-label="Object">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit({ content, count: 3 });
        }}
      >
        <label>
          Notes
          <textarea name="notes" onChange={({ currentTarget }) => setContent(currentTarget.value)} rows={3} value={content} />
        </label>
        <button disabled={isLoading || content.trim() === ''}>Make an object</button>
      </form>
      {error && <p role="alert">{error.message}</p>}
      <Cards cards={object?.flashcards ?? []} />
    </section>
  );
}
