/** Hooks for React: a job owns its connection and its events, and components only look at them. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Given, SubmitOptions } from './client.ts';
import type { Child, JobEvent, JobStatus } from './events.ts';
import { ENDS } from './events.ts';
import type { Job } from './job.ts';
import type { Kinds } from './kinds.ts';
import { ApiError, CANCELLED, type Problem } from './problem.ts';
import type { Usage } from './shapes.ts';

/** What is known of a job. It is the same object until something changes. */
export type JobState<Kind extends keyof Kinds = keyof Kinds> = {
  status: JobStatus;
  /** The items so far, by list. The result, once it is there, is the authority. */
  items: { readonly [List in keyof Kinds[Kind]['items']]?: readonly Kinds[Kind]['items'][List][] };
  result: Kinds[Kind]['result'] | undefined;
  /** Why there is no result, and will be none. */
  error: Problem | undefined;
  /** Its place in the queue while it waits, 1 being next; when it will have ended, in s from now. */
  position: number | undefined;
  etaSeconds: number | undefined;
  /** How far it is, in percent. */
  percent: number;
  child: Child | undefined;
  usage: Usage | undefined;
};

const BEGUN: JobState = {
  status: 'waiting',
  items: {},
  result: undefined,
  error: undefined,
  position: undefined,
  etaSeconds: undefined,
  percent: 0,
  child: undefined,
  usage: undefined,
};

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
  if (error instanceof ApiError) return error.problem;
  const detail = error instanceof Error ? error.message : 'The server was not reached.';
  return { code: 'network', title: 'The server was not reached', detail, retryable: true };
}

type Store<Kind extends keyof Kinds> = { subscribe(onChange: () => void): () => void; snapshot(): JobState<Kind> };

/** A store of what is known of a job. What came before somebody subscribed is read again, so a remount loses nothing. */
function createStore<Kind extends keyof Kinds>(job: Job<Kind> | undefined): Store<Kind> {
  let state = BEGUN as JobState<Kind>;
  return {
    snapshot: () => state,
    subscribe(onChange) {
      if (!job) return () => {};
      let timer: ReturnType<typeof setTimeout> | undefined;
      let next = BEGUN as JobState<Kind>;
      const show = (): void => {
        timer = undefined;
        if (next === state) return;
        state = next;
        onChange();
        timer = setTimeout(show, TOGETHER_MS);
      };
      let isReplay = true;
      const onEvent = (event: JobEvent<Kind>): void => {
        next = after(next, event);
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

/** What is known after an event. */
function after<Kind extends keyof Kinds>(state: JobState<Kind>, event: JobEvent<Kind>): JobState<Kind> {
  switch (event.type) {
    case 'status':
      return { ...state, status: event.status, position: event.position, etaSeconds: event.etaSeconds };
    case 'progress':
      return { ...state, percent: event.percent };
    case 'reset':
      return { ...(BEGUN as JobState<Kind>), status: state.status };
    case 'child':
      return { ...state, child: event.child };
    case 'completed':
      return { ...state, status: 'completed', result: event.result, usage: event.usage, position: undefined, percent: 100 };
    case 'failed':
      return { ...state, status: 'failed', error: event.error, usage: event.usage, position: undefined };
    case 'cancelled':
      return { ...state, status: 'cancelled', error: CANCELLED, usage: undefined, position: undefined };
    case 'attempt':
    case 'live':
      return state;
    default: {
      const { list, value } = event as unknown as { list: keyof Kinds[Kind]['items']; value: never };
      return { ...state, items: { ...state.items, [list]: [...(state.items[list] ?? []), value] } };
    }
  }
}
