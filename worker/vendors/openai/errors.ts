/**
 * Turns what goes wrong with a call into our codes. No text of the server gets into a detail,
 * except the model's reason for declining.
 */
import { ProblemError } from '../../../src/job/problem.ts';
import type { Completeness } from '../../capabilities.ts';
import { type VendorRefusal, toRefusalProblem } from '../refusal.ts';
import { EventTooLong } from './events.ts';
import type { Finish } from './chunk.ts';
import type { AnswerEnding } from './read.ts';

/** How details call the server. */
export const PROVIDER = 'the provider';

/** The server has reported an error instead of an answer, by its status or in the answer. */
export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly refused: VendorRefusal;

  constructor(refused: VendorRefusal) {
    super('the server has reported an error');
    this.refused = refused;
  }
}

/** Turns what a call has thrown into a problem. */
export function toCallProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof RefusedError) return toRefusalProblem(PROVIDER, error.refused);
  if (error instanceof EventTooLong) return new ProblemError('provider_bad_answer', 'The model wrote far more than any answer needs.');
  return new ProblemError('provider_unavailable', 'The connection to the provider broke.', { cause: error });
}

/** The problem for a server that stopped sending, or never sent anything. */
export function fellSilent(cause?: unknown): ProblemError {
  return new ProblemError('provider_timeout', 'The model fell silent before its answer was whole.', { cause });
}

/**
 * Lets only an answer pass that is one.
 * @throws ProblemError `provider_refused` if the model declined with these words, or a filter
 * stopped it
 */
export function throwIfDeclined(refusal: string, finish: Finish | undefined): void {
  if (refusal !== '') throw declined(refusal);
  if (finish === 'filtered') throw filtered();
}

const declined = (words: string) => new ProblemError('provider_refused', `The model declined: ${words.slice(0, 300)}`);

const filtered = () => new ProblemError('provider_refused', "The provider's content filter stopped the answer.");

/**
 * Says whether an answer is whole, or throws. One that was stopped before its first item has
 * failed.
 */
export function toCompleteness(ending: AnswerEnding & { given: number }): Completeness {
  switch (ending.end) {
    case 'whole':
      return 'whole';
    case 'enough':
      return 'partial';
    case 'length':
      if (ending.given > 0) return 'partial';
      throw new ProblemError('provider_cut_off', "The model's answer reached its length limit before its first item.");
    case 'stuck':
      if (ending.given > 0) return 'partial';
      throw new ProblemError('provider_timeout', 'The model wrote on and on without an item.');
    case 'thinking':
      throw new ProblemError('provider_timeout', 'The model thought for longer than OPENAI_THINKING_MAX_MS allows.', { final: true });
    case 'silent':
      throw fellSilent();
    case 'refused':
      throw declined(ending.words);
    case 'filtered':
      throw filtered();
    case 'broken':
      throw new ProblemError('provider_bad_answer', ending.why);
    case 'cut':
      throw new ProblemError('provider_cut_off', 'The connection to the model ended before its answer was whole.');
  }
}
