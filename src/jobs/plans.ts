/**
 * Plans: what users of each may take on, and how often it is
 * their turn. What a plan leaves out is as for all.
 */
import { z } from 'zod';
import type { Bounds } from './admission.ts';

const count = z.int().min(1).max(1_000_000_000).optional();

/** A plan, as `PLANS` names its parts. */
export const planSchema = z.strictObject({
  /** How many of a user's jobs run for one of another's, when both have some that wait. */
  weight: z.number().min(0.01).max(1000).optional(),
  /** Submissions in a window. */
  rateLimitMax: count,
  /** Jobs that have not ended. */
  maxJobs: count,
  /** Tokens, and US dollars, of a UTC day. */
  dailyTokens: z.int().min(1).optional(),
  dailyUsd: z.number().positive().max(1_000_000).optional(),
});

/** See {@link planSchema}. */
export type Plan = z.output<typeof planSchema>;

/** Plans by their names. */
export type Plans = Readonly<Record<string, Plan>>;

/** What holds for users of a plan. */
export type PlanTerms = { bounds: Bounds; weight: number };

/** The terms of a plan: its own, and else those of all. */
export function termsOf({ weight = 1, rateLimitMax, maxJobs, dailyTokens, dailyUsd }: Plan, bounds: Bounds): PlanTerms {
  const { submitRate } = bounds;
  return {
    weight,
    bounds: {
      ...bounds,
      maxJobsPerUser: maxJobs ?? bounds.maxJobsPerUser,
      dailyTokensPerUser: dailyTokens ?? bounds.dailyTokensPerUser,
      dailyUsdPerUser: dailyUsd ?? bounds.dailyUsdPerUser,
      submitRate: submitRate && { ...submitRate, max: rateLimitMax ?? submitRate.max },
    },
  };
}
