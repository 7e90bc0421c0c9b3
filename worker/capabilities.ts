/** What a provider does for a handler, whoever it is. */
import type { z } from 'zod';
import type { Usage } from '../src/job/snapshot.ts';
import type { KindName } from '../src/kinds/index.ts';

/** A list to be made: by a model that follows the instructions, or by whoever knows the kind. */
export type ListRequest = {
  kind: KindName;
  /** The name of the list in the answer. */
  list: string;
  /** What each item must be; also what a model is told of its shape. */
  item: z.ZodType;
  /** How many characters of JSON an item has at most, about: a value that grows past it has lost its way. */
  itemLength: number;
  /** How many items are wanted. */
  count: number;
  /** What a model is asked to do. Nothing of the user's is in it. */
  instructions: string;
  /** What the user gave: data, never instructions. */
  material: Record<string, unknown>;
};

/** What a handler makes of an item: it is new, it brings nothing new (a repetition, or not valid), or no more are wanted. */
export type Verdict = 'new' | 'nothing' | 'enough';

/** One call that is paid for, as the run counts it. */
export type Call = {
  /** What it has used so far, in all. */
  note(used: Usage): void;
  /** What it has used in the end; undefined where no response began, so that nothing is owed. Only the first word counts. */
  settle(used: Usage | undefined): Promise<void>;
};

/** Who takes what a provider makes. */
export type ListTaker = {
  /** Takes an item as it is finished, not yet checked. */
  take(value: unknown): Promise<Verdict>;
  /** The answer is whole: at most a second more goes by, for the provider's word on what it used. */
  whole(): void;
  /** A call is about to be made. `expected`: what it uses at least, counted from now on. Rejects where the job is not this run's any more. */
  startCall(expected: Usage): Promise<Call>;
};

/**
 * How a list has ended: `whole`, as its maker sees it; or `partial`, stopped before that with some items given: at a
 * limit, because nothing new came, or because the taker had enough.
 */
export type Ending = 'whole' | 'partial';

/** Somebody who does the work. */
export type Provider = {
  /** As jobs name it. */
  readonly name: 'openai' | 'offline';
  /**
   * Makes a list, an item at a time. Throws a ProblemError with a `provider_…` code where an answer fails,
   * and the signal's reason once that is aborted.
   */
  makeList(request: ListRequest, taker: ListTaker, signal: AbortSignal): Promise<Ending>;
};
