/** Hooks for React: a job owns its connection and its events, and components only look at them. */
import {
  createContext,
  createElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { Client, Given } from './client.ts';
import type { Job, RetryOptions } from './job.ts';
import { JobStore, type JobListeners, type JobView, problemIn } from './job-store.ts';
import { JobsStore, type JobsStoreOptions, type JobsView, NO_JOBS } from './jobs-store.ts';
import type { Kinds } from './kinds.ts';
import type { Problem } from './problem.ts';
import type { SubmitOptions } from './submission.ts';

export type { JobView } from './job-store.ts';
export type { JobsView } from './jobs-store.ts';
export type { JobState } from './state.ts';

/** A client, with a storage or without. */
type AnyClient = Client<string | undefined>;

/** A job that perhaps was not sent yet. */
type AnyJob<Kind extends keyof Kinds> = Job<Kind, string | undefined>;

const ClientContext = createContext<AnyClient | undefined>(undefined);

/** Gives a client to all hooks below it. A client belongs to one user: give another user another one. */
export function AiJobsProvider({ client, children }: { client: AnyClient; children?: ReactNode }): ReactNode {
  return createElement(ClientContext.Provider, { value: client }, children);
}

/**
 * The client of the provider.
 * @throws Error if there is no provider above
 */
export function useAiJobs(): AnyClient {
  return clientOf(useContext(ClientContext));
}

function clientOf(client: AnyClient | undefined): AnyClient {
  if (!client) throw new Error('There is no client: put <AiJobsProvider client={createClient(…)}> above this component');
  return client;
}

/** How a job is watched. */
export type UseJobOptions<Kind extends keyof Kinds> = JobListeners<Kind> & {
  /** Whether it is read; true by default. What was read before stays. */
  enabled?: boolean | undefined;
};

/** A job that is watched. */
export type WatchedJob<Kind extends keyof Kinds, Id extends string | undefined = string> = JobView<Kind> & {
  readonly job: Job<Kind, Id> | undefined;
  /** Cancels it, if there is one. */
  cancel(): Promise<void>;
  /** Tries a failed job again: it keeps its items, and they are watched as before. */
  retry(options?: RetryOptions): Promise<void>;
};

/**
 * Watches a job, or the job with this id, which needs a provider: it is read while a component with this hook is mounted. `onEvent` gets each
 * event once, also those from before it was mounted; `onEnd` what is known at the end.
 */
export function useJob<Kind extends keyof Kinds, Id extends string | undefined = string>(
  jobOrId: Job<Kind, Id> | string | undefined,
  { enabled = true, ...listeners }: UseJobOptions<Kind> = {},
): WatchedJob<Kind, Id> {
  const client = useContext(ClientContext);
  const job = useMemo(
    () => (typeof jobOrId === 'string' ? (clientOf(client).resume<Kind>(jobOrId) as AnyJob<Kind>) : jobOrId),
    [typeof jobOrId === 'string' ? client : undefined, jobOrId],
  ) as Job<Kind, Id> | undefined;
  const latest = useLatest(listeners);
  const store = useMemo(() => new JobStore<Kind>(job, () => latest.current), [job]);
  const view = useSyncExternalStore(enabled ? store.subscribe : never, store.snapshot, store.snapshot);
  const cancel = useCallback(async () => void (await job?.cancel()), [job]);
  const retry = useCallback(async (options?: RetryOptions) => void (await job?.retry(options)), [job]);
  return { ...view, job, cancel, retry };
}

/** Subscribes to nothing. */
const never = () => () => {};

/** A box with the value of the newest rendering that is shown. */
function useLatest<Value>(value: Value): { readonly current: Value } {
  const box = useRef(value);
  useEffect(() => void (box.current = value)); // before the effects that read it: those of later hooks
  return box;
}

/** What a submission is doing. */
export type Submission<Kind extends keyof Kinds, Id extends string | undefined = string> = WatchedJob<Kind, Id> & {
  /** Submits. The job of before is left alone; only its events are not looked at any more. It never rejects: a refusal is in `error`. */
  submit(input: Given<Kind>, options?: SubmitOptions): Promise<void>;
  /** Whether the server, or the storage, has not taken it yet. */
  isSubmitting: boolean;
  /** Forgets the job here. */
  reset(): void;
};

/** Submits work, such as `ai.flashcards`. */
type Submits<Kind extends keyof Kinds, Id extends string | undefined> = (
  input: Given<Kind>,
  options?: SubmitOptions,
) => Promise<Job<Kind, Id>>;

/**
 * Submits work of a kind, by its method or by the method's name, which needs a provider; and watches it. Its status is `idle` until the work
 * was taken. What keeps a submission from being taken is in `error`.
 */
export function useSubmit<Kind extends keyof Kinds>(
  kind: Kind,
  options?: UseJobOptions<NoInfer<Kind>>,
): Submission<Kind, string | undefined>;
export function useSubmit<Kind extends keyof Kinds, Id extends string | undefined = string>(
  submit: Submits<Kind, Id>,
  options?: UseJobOptions<NoInfer<Kind>>,
): Submission<Kind, Id>;
export function useSubmit<Kind extends keyof Kinds>(
  how: Kind | Submits<Kind, string | undefined>,
  options: UseJobOptions<Kind> = {},
): Submission<Kind, string | undefined> {
  const client = useContext(ClientContext);
  const submit = typeof how === 'string' ? (clientOf(client)[how] as unknown as Submits<Kind, string | undefined>) : how;
  const [job, setJob] = useState<AnyJob<Kind>>();
  const [isSubmitting, setSubmitting] = useState(false);
  const [refusal, setRefusal] = useState<Problem>();
  const latest = useRef(0);
  useEffect(() => () => void (latest.current = -1), []);
  const watched = useJob<Kind, string | undefined>(job, options);

  const start = useCallback(
    async (input: Given<Kind>, how?: SubmitOptions) => {
      const mine = (latest.current = Math.max(latest.current, 0) + 1);
      setSubmitting(true);
      setRefusal(undefined);
      try {
        const accepted = await submit(input, how);
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
  return { ...watched, error: refusal ?? watched.error, submit: start, isSubmitting, reset };
}

/** Which jobs are watched. */
export type UseJobsOptions = JobsStoreOptions & {
  /** The client; that of the provider by default. */
  client?: AnyClient | undefined;
  /** Whether the list is read; true by default. What was read before stays. */
  enabled?: boolean | undefined;
};

/** A list that is watched. */
export type WatchedJobs = JobsView & {
  /** Reads older jobs. */
  more(): Promise<void>;
  /** Reads it again; also after a refusal. */
  refresh(): Promise<void>;
};

/** Watches all jobs of the user, the newest first: those that are submitted elsewhere come by themselves, and each shows its status of now. */
export function useJobs({ client, enabled = true, status, kind, limit, togetherMs }: UseJobsOptions = {}): WatchedJobs {
  const given = useContext(ClientContext);
  const ai = clientOf(client ?? given);
  const store = useMemo(() => new JobsStore(ai, { status, kind, limit, togetherMs }), [ai, status, kind, limit, togetherMs]);
  const view = useSyncExternalStore(enabled ? store.subscribe : never, store.snapshot, nothingRead);
  return { ...view, more: store.more, refresh: store.refresh };
}

const nothingRead = (): JobsView => NO_JOBS;
