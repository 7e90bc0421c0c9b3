/** When a notification is tried again. */

const [S, MIN, H] = [1000, 60_000, 3_600_000];

/**
 * The pauses before the further tries, in ms: ten tries of a webhook
 * over a day, and five of a push within a quarter of an hour.
 */
const PAUSES = {
  webhook: [5 * S, MIN, 5 * MIN, 20 * MIN, H, 2 * H, 4 * H, 6 * H, 9 * H],
  push: [5 * S, 30 * S, 2 * MIN, 10 * MIN],
  receipt: [H, 4 * H, 16 * H],
} as const;

/** How often each is tried at most. */
export const TRIES = { webhook: PAUSES.webhook.length + 1, push: PAUSES.push.length + 1, receipt: PAUSES.receipt.length + 1 } as const;

/** The longest pause, also where a receiver asks for a longer one, in ms. */
const MAX_ASKED_MS = 12 * H;

/**
 * The pause after a try that has failed, in ms. `number`: the try's, counted from 1.
 * `askedMs`: what the receiver asked for, which is a lower bound. It is longer by up
 * to a fifth at random, so that what failed together does not come back together.
 */
export function pauseAfter(type: keyof typeof PAUSES, number: number, askedMs = 0): number {
  const pauses: readonly number[] = PAUSES[type];
  const planned = pauses[Math.min(number, pauses.length) - 1] ?? S;
  return Math.min(Math.max(planned, askedMs) * (1 + Math.random() / 5), MAX_ASKED_MS);
}
