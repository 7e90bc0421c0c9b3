/** What happens to a job, as a client hears it, with the items and the result of its kind. */
import type { Kinds } from './kinds.ts';
import type {
  AnyCompletedEvent,
  AnyJobObject,
  AttemptEvent,
  CancelledEvent,
  ChildEvent,
  FailedEvent,
  LiveEvent,
  ProgressEvent,
  ResetEvent,
  StatusEvent,
} from './shapes.ts';

/** What a status can be. */
export type JobStatus = StatusEvent['status'];

/** The job that a job has led to. */
export type Child = ChildEvent['child'];

/**
 * A finished item of one of the lists of a kind. `index`: its place in the list, from 0. `percent`: how far the job is with it; absent where
 * the client polls, which tells that by `progress`.
 */
export type ItemEvent<Items> = Items extends unknown
  ? { [List in keyof Items & string]: Item<List, Items[List]> }[keyof Items & string]
  : never;

type Item<List, Value> = { type: 'item'; list: List; index: number; value: Value; percent?: number | undefined };

/** An event of a job of one kind. */
export type JobEvent<Kind extends keyof Kinds = keyof Kinds> =
  | StatusEvent
  | ProgressEvent
  | ItemEvent<Kinds[Kind]['items']>
  | AttemptEvent
  | ChildEvent
  | ResetEvent
  | LiveEvent
  | (AnyCompletedEvent & { result: Kinds[Kind]['result'] })
  | FailedEvent
  | CancelledEvent;

/** A job of one kind as the server shows it. `items`: only where they were asked for. */
export type JobObject<Kind extends keyof Kinds = keyof Kinds> = AnyJobObject & {
  result?: Kinds[Kind]['result'] | undefined;
  items?: { [List in keyof Kinds[Kind]['items']]?: Kinds[Kind]['items'][List][] } | undefined;
};

/** The events that end a job. */
export const ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);
