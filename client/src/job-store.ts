/** What is watched of one job: its state and how it is connected, changes told together. It is what `useJob` looks at, and knows nothing of React. */
import { ENDS, type JobEvent, type JobStatus } from './events.ts';
import type { Connection } from './follow.ts';
import type { Job } from './job.ts';
import type { Kinds } from './kinds.ts';
import { ApiError, type Problem, unreachable } from './problem.ts';
import { initialState, type JobState, reduce } from './state.ts';

/** What is known of a job, and how it is connected. Its status is `idle` where there is no job. */
export type JobView<Kind extends keyof Kinds> = Omit<JobState<Kind>, 'status'> & {
  readonly status: JobStatus | 'idle';
  readonly connection: Connection;
};

/** Who wants to be told, beside the look at the state. They are asked for at each event, so the newest of a component are called. */
export type JobListeners<Kind extends keyof Kinds> = {
  /** Each event, once in the life of a store, however often it is subscribed to. */
  onEvent?: ((event: JobEvent<Kind>) => void) | undefined;
  /** The job has ended, or can't be followed. Once for each end: a job that is tried again has another one. */
  onEnd?: ((view: JobView<Kind>) => void) | undefined;
  /** Events of so many ms are told together, the first of them at once, an end at once; 50 by default. 0: each by itself. */
  togetherMs?: number | undefined;
};

/** How many ms of events are told together. */
export const TOGETHER_MS = 50;

/** Tells once for all changes of a while: the first at once, what follows at the end of the while. */
export function createTeller(tell: () => void, togetherMs: () => number): { changed(isUrgent?: boolean): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  const run = (): void => {
    isDue = false;
    timer = undefined;
    const ms = togetherMs();
    if (ms > 0) timer = setTimeout(() => (isDue ? run() : (timer = undefined)), ms);
    tell();
  };
  return {
    changed(isUrgent = false) {
      isDue = true;
      if (timer !== undefined && !isUrgent) return;
      clearTimeout(timer);
      run();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** What went wrong, in a form that programs and people can use. */
export function problemIn(error: unknown): Problem {
  return (error instanceof ApiError ? error : unreachable(error)).problem;
}

/** Calls an app's function. What it throws is the app's error, and breaks nothing here: it goes where uncaught errors go. */
export function callSafely<Args extends unknown[]>(fn: ((...args: Args) => void) | undefined, ...args: Args): void {
  try {
    fn?.(...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

const CLOSED: Connection = { state: 'closed' };
const IDLE: JobView<keyof Kinds> = { ...initialState(), status: 'idle', connection: CLOSED };

/** A store of what is known of a job. What came before somebody subscribed is read again, so a remount loses nothing. */
export class JobStore<Kind extends keyof Kinds> {
  readonly #job: Job<Kind, string | undefined> | undefined;
  readonly #listeners: () => JobListeners<Kind>;
  /** Events and failures that the listeners were told. The job has the same objects each time it is read. */
  readonly #told = new WeakSet();
  #view: JobView<Kind>;

  constructor(job: Job<Kind, string | undefined> | undefined, listeners: () => JobListeners<Kind>) {
    this.#job = job;
    this.#listeners = listeners;
    this.#view = job ? { ...initialState<Kind>(), connection: job.connection } : IDLE;
  }

  readonly snapshot = (): JobView<Kind> => this.#view;

  /** Reads the job until the function that is returned is called. */
  readonly subscribe = (onChange: () => void): (() => void) => {
    const job = this.#job;
    if (!job) return () => {};
    let state = initialState<Kind>();
    let isReplay = true;
    const look = (): void => {
      const next = { ...state, connection: job.connection };
      if (!isSame(this.#view, next)) this.#view = next;
    };
    const teller = createTeller(
      () => {
        look();
        onChange();
      },
      () => this.#listeners().togetherMs ?? TOGETHER_MS,
    );
    const onEvent = (event: JobEvent<Kind>): void => {
      state = reduce(state, event);
      const isEnd = ENDS.has(event.type);
      if (!isReplay) teller.changed(isEnd);
      this.#tell(event, () => callSafely(this.#listeners().onEvent, event));
      if (isEnd) this.#tellEnd(event, state);
    };
    const onFailure = (error: unknown): void => {
      const failure = problemIn(error);
      state = { ...state, status: 'failed', error: failure };
      if (!isReplay) teller.changed(true);
      this.#tellEnd(failure, state);
    };
    const stopConnection = job.onConnection(() => {
      if (isReplay) return;
      look(); // it changes seldom, so it does not begin a while
      onChange();
    });
    const stop = job.subscribe(onEvent, onFailure);
    isReplay = false;
    look(); // React looks at it when this returns
    return () => {
      teller.stop();
      stopConnection();
      stop();
      look();
    };
  };

  /** Calls `tell` unless that was done for this object. An end is told after its event, so it has a key of its own. */
  #tell(what: object, tell: () => void): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    tell();
  }

  readonly #ended = new WeakSet();

  #tellEnd(what: object, state: JobState<Kind>): void {
    if (this.#ended.has(what)) return;
    this.#ended.add(what);
    callSafely(this.#listeners().onEnd, { ...state, connection: this.#job?.connection ?? CLOSED });
  }
}

function isSame(one: object, other: object): boolean {
  return Object.entries(other).every(([name, value]) => one[name as keyof typeof one] === value);
}
