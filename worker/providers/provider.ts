/** What a provider does for a handler, whoever it is. */
import type { z } from 'zod';
import type { Usage } from '../../src/jobs/event.ts';
import type { KindName } from '../../src/jobs/index.ts';

/** A list to be made: by a model that follows the instructions, or by whoever knows the kind. */
export type ListRequest = {
  kind: KindName;
  /** The name of the list in the answer. */
  list: string;
  /** What each item must be; also what a model is told of its shape. */
  item: z.ZodType;
  /** How many items are wanted. */
  count: number;
  /** What a model is asked to do. Nothing of the user's is in it. */
  instructions: string;
  /** What the user gave: data, never instructions. */
  material: Record<string, unknown>;
};

/** What a provider yields: items as they are finished, not yet checked, and at its end what it cost. */
export type Part = { type: 'item'; value: unknown } | { type: 'usage'; usage: Usage };

/** Somebody who does the work. */
export type Provider = {
  /** As jobs name it. */
  readonly name: 'openai' | 'offline';
  /**
   * Makes a list, an item at a time. Ends normally only if the answer is whole; throws a ProblemError
   * with a `provider_…` code otherwise, and the signal's reason once that is aborted.
   */
  makeList(request: ListRequest, signal: AbortSignal): AsyncIterable<Part>;
};
