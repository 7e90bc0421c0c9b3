/** What is known of a job after its events: one pure state, for hooks, for pages, and for whoever has neither. */
import type { Child, JobEvent, JobStatus } from './events.ts';
import type { Kinds } from './kinds.ts';
import { CANCELLED, type Problem } from './problem.ts';
import type { PausedBy, Usage } from './shapes.ts';

/** What is known of a job. It is the same object until something changes. */
export type JobState<Kind extends keyof Kinds = keyof Kinds> = {
  readonly status: JobStatus;
  /** The items so far, by list. The result, once it is there, is the authority. */
  readonly items: { readonly [List in keyof Kinds[Kind]['items']]?: readonly Kinds[Kind]['items'][List][] };
  /** The index of the first of these items, by list: 0, or more where the job is followed from a cursor. */
  readonly firstIndex: { readonly [List in keyof Kinds[Kind]['items']]?: number };
  readonly result: Kinds[Kind]['result'] | undefined;
  /** Why there is no result, and will be none. */
  readonly error: Problem | undefined;
  /** Which attempt runs, from 1; undefined until one is known. */
  readonly attempt: number | undefined;
  /** Why the attempt before ended, and how many items it has left; undefined in the first attempt. */
  readonly restart: { readonly code: string; readonly itemsKept: number } | undefined;
  /** Its place in the queue while it waits, 1 being next. */
  readonly position: number | undefined;
  /** In how many s it will have ended, counted from the event that said so. */
  readonly etaSeconds: number | undefined;
  /** When the next attempt is due, between two attempts (RFC 3339). */
  readonly retryAt: string | undefined;
  /** There while it waits because an operator has paused it, with the reason. */
  readonly paused: PausedBy | undefined;
  /** How far it is, in percent. It grows with stages and with items, and never falls. */
  readonly percent: number;
  /** What is being done. */
  readonly stage: string | undefined;
  readonly child: Child | undefined;
  readonly usage: Usage | undefined;
};

const INITIAL: JobState = {
  status: 'waiting',
  items: {},
  firstIndex: {},
  result: undefined,
  error: undefined,
  attempt: undefined,
  restart: undefined,
  position: undefined,
  etaSeconds: undefined,
  retryAt: undefined,
  paused: undefined,
  percent: 0,
  stage: undefined,
  child: undefined,
  usage: undefined,
};

/** What is known of a job of which nothing has come yet. */
export function initialState<Kind extends keyof Kinds>(): JobState<Kind> {
  return INITIAL;
}

/** What is known after an event; without a state, after a first one. An event of a later server changes nothing. */
export function reduce<Kind extends keyof Kinds>(state: JobState<Kind> | undefined, event: JobEvent<Kind>): JobState<Kind> {
  const before = state ?? initialState<Kind>();
  const step = STEPS[event.type] as Step | undefined;
  return step ? changed(before, step(before, event as never) as Partial<JobState<Kind>>) : before;
}

type Step = (state: JobState, event: never) => Partial<JobState>;

/** No place and no time is left of a job that runs no more. */
const OVER = { position: undefined, etaSeconds: undefined, retryAt: undefined, paused: undefined };

/** What an event of each type changes. */
const STEPS: { [Type in JobEvent['type']]: (state: JobState, event: Extract<JobEvent, { type: Type }>) => Partial<JobState> } = {
  status: (state, { status, attempt, position, etaSeconds, retryAt, paused }) => ({
    ...((status === 'waiting' || status === 'active') && { result: undefined, error: undefined }), // it was tried again after its end
    status,
    attempt: attempt ?? state.attempt,
    position,
    etaSeconds,
    retryAt,
    paused,
  }),
  progress: (state, { percent, stage }) => ({ percent: Math.max(state.percent, percent), stage }),
  item: afterItem,
  attempt: (_, { attempt, code, itemsKept }) => ({ attempt, restart: { code, itemsKept }, result: undefined, error: undefined }),
  child: (_, { child }) => ({ child }),
  reset: ({ status, percent }) => ({ ...INITIAL, status, percent }), // the same events come again
  live: () => ({}),
  completed: (_, { result, usage }) => ({ ...OVER, status: 'completed', result, error: undefined, usage, percent: 100 }),
  failed: (_, { error, usage }) => ({ ...OVER, status: 'failed', error, usage }),
  cancelled: () => ({ ...OVER, status: 'cancelled', error: CANCELLED, usage: undefined }),
};

type AnyItem = { list: string; index: number; value: unknown; percent?: number | undefined };

/** A list grows at its end. An item whose index is not past that was there before. */
function afterItem(state: JobState, event: object): Partial<JobState> {
  const { list, index, value, percent = 0 } = event as AnyItem;
  const held = (state.items as Record<string, readonly unknown[]>)[list] ?? [];
  const first = (state.firstIndex as Record<string, number>)[list] ?? index;
  if (index < first + held.length) return {};
  return {
    items: { ...state.items, [list]: [...held, value] },
    firstIndex: { ...state.firstIndex, [list]: first },
    percent: Math.max(state.percent, percent),
  };
}

/** The state with a change, or the same one if that changes nothing. */
function changed<State extends object>(state: State, change: Partial<State>): State {
  const isSame = Object.entries(change).every(([name, value]) => state[name as keyof State] === value);
  return isSame ? state : { ...state, ...change };
}
