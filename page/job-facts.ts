/** What is said of a job beside its state: its place, how long it will take, what it has made and used. */
import type { JobState } from '../client/src/state.ts';
import { inWords, piecesIn, piecesInWords, usageIn } from './figures.ts';

/** The times of a job, in s: since it is watched, and until it will have ended, if that can be told. */
export type Times = { watched: number; left: number | undefined };

/** The facts, the most wanted first. */
export function factsOf(state: JobState, { watched, left }: Times): string[] {
  const { status, position, retryAt, paused, items, usage, percent } = state;
  const isRunning = status === 'waiting' || status === 'active';
  const count = piecesIn(items);
  const facts = [
    status === 'waiting' && paused && `Paused by the operator${paused.reason === undefined ? '' : `: ${paused.reason}`}`,
    status === 'waiting' && retryAt !== undefined && `again at ${new Date(retryAt).toLocaleTimeString()}`,
    status === 'waiting' && position !== undefined && `place ${position} in the queue`,
    status === 'active' && `${Math.round(percent)} %`,
    count > 0 && piecesInWords(count),
    isRunning && left !== undefined && `about ${inWords(left)} to go`,
    isRunning && `${inWords(watched)} so far`,
    ...usageIn(usage),
  ];
  return facts.filter((fact): fact is string => typeof fact === 'string');
}

/** What became of the attempt before, where there was one. */
export function restartOf({ restart }: JobState): string {
  if (!restart) return '';
  const { itemsKept, code } = restart;
  const why = code === '' ? '' : ` after ${code.replaceAll('_', ' ')}`;
  if (itemsKept === 0) return `Tried again${why}. No pieces were there to keep.`;
  return `Tried again${why}. ${piecesInWords(itemsKept)} ${itemsKept === 1 ? 'was' : 'were'} kept; it goes on from piece ${itemsKept + 1}.`;
}
