/**
 * Reservations as text: what admission reserves of a tenant's budgets for
 * a job and for the one that it leads to, and a payload keeps for a retry.
 */
import type { Reservation } from '../job/estimate.ts';

/** The largest number in it. Redis counts with whole numbers, and Lua exactly up to 2^53. */
const MOST = 1e15;

/**
 * Four whole numbers: tokens and billionths of a US dollar of the job,
 * and of the one that it leads to; undefined where that is nothing.
 */
export function toReserved(own: Reservation, next: Reservation = { tokens: 0, usd: 0 }): string | undefined {
  const numbers = [own, next].flatMap(({ tokens, usd }) => [whole(tokens), whole(usd * 1e9)]);
  return numbers.some((number) => number > 0) ? numbers.join(' ') : undefined;
}

/** What is reserved for the job that it leads to, as that job keeps it. */
export function reservedForNext(reserved: string | undefined): string | undefined {
  return reserved && [...reserved.split(' ').slice(2, 4), 0, 0].join(' ');
}

function whole(value: number): number {
  return Number.isFinite(value) ? Math.ceil(Math.min(Math.max(value, 0), MOST)) : 0;
}
