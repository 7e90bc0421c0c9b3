/** Hooks for React: a job owns its connection and its events, and components only look at them. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Given } from './client.ts';
import { ENDS, type JobEvent } from './events.ts';
import type { Job } from './job.ts';
import type { Kinds } from './kinds.ts';
import { ApiError, type Problem, unreachable } from './problem.ts';
import { initialState, type JobState, reduce } from './state.ts';
import type { SubmitOptions } from './submission.ts';

export type { JobState } from './state.ts';

/** Events of so many ms are rendered together; the first of them at once. */
const TOGETHER_MS = 50;

/** Watches a job: it is read while a component with this hook is mounted. Cancels it with `cancel`. */
export function useJob<Kind extends keyof Kinds>(job: Job<Kind> | undefined): JobState<Kind> & { cancel(): Promise<void> } {
  const store = useRef<{ job: Job<Kind> | undefined; store: Store<Kind> }>(undefined);
  if (store.current?.job !== job || !store.current) store.current = { job, store: createStore(job) };
  const { subscribe, snapshot } = store.current.store;
  const state = useSyncExternalStore(subscribe, snapshot, snapshot);
  const cancel = useCallback(async () => void (await job?.cancel()), [job]);
  return { ...state, cancel };
}

/** What a submission is doing. */
export type Submission<Kind extends keyof Kinds> = JobState<Kind> & {
  /** Submits. The job of before is left alone; only its events are not looked at any more. */
  submit(input: Given<Kind>, options?: SubmitOptions): Promise<void>;
  job: Job<Kind> | undefined;
  /** Whether the server has not answered yet. */
  isSubmitting: boolean;
  cancel(): Promise<void>;
  /** Forgets the job here. */
  reset(): void;
};

/** Submits work, such as with `ai.flashcards`, and watches it. What keeps a submission from being taken is in `error`. */
export function useSubmit<Kind extends keyof Kinds>(
  submit: (input: Given<Kind>, options?: SubmitOptions) => Promise<Job<Kind>>,
): Submission<Kind> {
  const [job, setJob] = useState<Job<Kind>>();
  const [isSubmitting, setSubmitting] = useState(false);
  const [refusal, setRefusal] = useState<Problem>();
  const latest = useRef(0);
  useEffect(() => () => void (latest.current = -1), []);
  const state = useJob(job);

  const start = useCallback(
    async (input: Given<Kind>, options?: SubmitOptions) => {
      const mine = (latest.current = Math.max(latest.current, 0) + 1);
      setSubmitting(true);
      setRefusal(undefined);
      try {
        const accepted = await submit(input, options);
        if (latest.current === mine) setJob(accepted);
      } catch (error) {
        if (latest.current === mine) setRefusal(problemIn(error));
      } finally {
        if (latest.current === mine) setSubmitting(false);
      }
    },
    [submit],
  );
  const reset = useCallback(() => {
    latest.current++;
    setJob(undefined);
    setRefusal(undefined);
    setSubmitting(false);
  }, []);
  return { ...state, error: refusal ?? state.error, submit: start, job, isSubmitting, reset };
}

function problemIn(error: unknown): Problem {
  return (error instanceof ApiError ? error : unreachable(error)).problem;
}

type Store<Kind extends keyof Kinds> = { subscribe(onChange: () => void): () => void; snapshot(): JobState<Kind> };

/** A store of what is known of a job. What came before somebody subscribed is read again, so a remount loses nothing. */
function createStore<Kind extends keyof Kinds>(job: Job<Kind> | undefined): Store<Kind> {
  let state = initialState<Kind>();
  return {
    snapshot: () => state,
    subscribe(onChange) {
      if (!job) return () => {};
      let timer: ReturnType<typeof setTimeout> | undefined;
      let next = initialState<Kind>();
      const show = (): void => {
        timer = undefined;
        if (next === state) return;
        state = next;
        onChange();
        timer = setTimeout(show, TOGETHER_MS);
      };
      let isReplay = true;
      const onEvent = (event: JobEvent<Kind>): void => {
        next = reduce(next, event);
        if (isReplay || (timer && !ENDS.has(event.type))) return;
        clearTimeout(timer);
        show();
      };
      const onFailure = (error: unknown): void => {
        next = { ...next, status: 'failed', error: problemIn(error) };
        if (!isReplay) show();
      };
      const stop = job.subscribe(onEvent, onFailure);
      isReplay = false;
      state = next; // React looks at it when this returns
      return () => {
        clearTimeout(timer);
        stop();
      };
    },
  };
}
