/** The same job by `useCompletion`: its result as text that grows. It does not come back after a reload; a chat does. */
import { useCompletion } from '@ai-sdk/react';
import { API, headers } from './server.ts';

/** A prompt, and the JSON of the result. */
export function Completion() {
  const { completion, input, handleInputChange, handleSubmit, isLoading, error } = useCompletion({
    api: API.completion,
    headers: headers(),
    body: { count: 3 },
  });
  return (
    <section aria-label="Completion">
      <form onSubmit={handleSubmit}>
        <label>
          Notes
          <textarea name="notes" onChange={handleInputChange} rows={3} value={input} />
        </label>
        <button disabled={isLoading || input.trim() === ''}>Complete</button>
      </form>
      {error && <p role="alert">{error.message}</p>}
      <pre aria-label="Result">{completion}</pre>
    </section>
  );
}
