/** Flashcards out of notes: each card is shown as it comes, over lost connections and over a reload of the page. */
import { createClient } from 'ai-jobs-client';
import { AiJobsProvider, useJob, useSubmit } from 'ai-jobs-client/react';
import { useEffect, useMemo, useState } from 'react';

/** Where the browser keeps the id of the job that is watched. */
const KEPT_JOB = 'flashcards:job';

/** The app: the client for all that is below it. `baseUrl`: where the server is; '' for the origin of the page. */
export function App({ baseUrl }: { baseUrl: string }) {
  // An app with users gives `token` instead of a name: () => the access token of the session.
  const ai = useMemo(() => createClient({ baseUrl, headers: { 'user-id': 'vite-example' } }), [baseUrl]);
  return (
    <AiJobsProvider client={ai}>
      <Flashcards />
    </AiJobsProvider>
  );
}

/** The form, and the cards of the job that was submitted last: also of one from before the page was loaded again. */
function Flashcards() {
  const submission = useSubmit('flashcards');
  const [found, setFound] = useState(() => localStorage.getItem(KEPT_JOB) ?? undefined);
  const { job, status, items, result, error, percent, position, cancel } = useJob(submission.job ?? found);
  const [notes, setNotes] = useState('');

  useEffect(() => {
    if (submission.job?.id) localStorage.setItem(KEPT_JOB, submission.job.id);
  }, [submission.job]);

  const startAnew = () => {
    localStorage.removeItem(KEPT_JOB);
    setFound(undefined);
    submission.reset();
  };
  const problem = submission.error ?? error;
  const hasEnded = result !== undefined || error !== undefined;
  const waiting = position === undefined ? 'Waiting for its turn' : `Waiting: place ${position}`;
  return (
    <>
      <h1>Flashcards</h1>
      {job === undefined ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submission.submit({ content: notes });
          }}
        >
          <label>
            Notes
            <textarea name="notes" rows={8} value={notes} onInput={({ currentTarget }) => setNotes(currentTarget.value)} />
          </label>
          <button disabled={submission.isSubmitting || notes.trim() === ''} type="submit">
            Make flashcards
          </button>
        </form>
      ) : (
        <>
          <p role="status">{status === 'waiting' ? waiting : STATES[status]}</p>
          <progress aria-label="Progress" max={100} value={percent} />
          <button onClick={hasEnded ? startAnew : () => void cancel().catch(() => {})} type="button">
            {hasEnded ? 'New cards' : 'Cancel'}
          </button>
        </>
      )}
      {problem && problem.code !== 'cancelled' && <p role="alert">{problem.detail || problem.title}</p>}
      <ol>
        {(result?.flashcards ?? items.flashcards ?? []).map((card, n) => (
          <li key={n}>
            <Card {...card} />
          </li>
        ))}
      </ol>
    </>
  );
}

const STATES = {
  idle: '',
  active: 'Making cards',
  completed: 'Your cards are ready.',
  failed: 'It did not work.',
  cancelled: 'Cancelled. The cards that were finished are here.',
} as const;

/** A card; a press turns it over. */
function Card({ front, back }: { front: string; back: string }) {
  const [isBack, setBack] = useState(false);
  return (
    <button onClick={() => setBack(!isBack)} type="button">
      {isBack ? back : front}
    </button>
  );
}
