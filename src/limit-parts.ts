/**
 * Puts together what bounds the requests of one user, or of one address,
 * in this process. Submissions have their own policy, over all processes.
 */
import { createAddressOf } from './client-address.ts';
import type { Config } from './config.ts';
import { createBearerCheck } from './http/bearer-check.ts';
import type { AppDeps } from './http/app-deps.ts';
import { Pace } from './http/pace.ts';
import { createShares } from './http/shares.ts';
import { createLocalLimit } from './jobs/rate-limit.ts';

/**
 * How many reads a user has for each submission, in each
 * process: enough for any but a client gone wild.
 */
const READS_A_SUBMISSION = 1000;

/**
 * How many requests of a user are served in a second for each
 * submission that the user has in it, and at least; further ones wait.
 */
const PACE_A_SUBMISSION = 100;
const LEAST_PACE = 100;

/** Everything that bounds requests, and finds out whose they are where nobody is named. */
export type Limits = Pick<
  AppDeps,
  'shares' | 'pace' | 'readLimit' | 'listLimit' | 'redeliverLimit' | 'addressOf' | 'checkOperator' | 'checkDatabase'
>;

/** Makes all of them from the settings. */
export function createLimits({
  rateLimit,
  shares,
  listsPerSecond,
  trustedProxies,
  operators,
  supabaseWebhookSecret,
}: Pick<Config, 'rateLimit' | 'shares' | 'listsPerSecond' | 'trustedProxies' | 'operators' | 'supabaseWebhookSecret'>): Limits {
  const addressOf = createAddressOf(trustedProxies);
  const checkAdminToken = createBearerCheck({
    holders: operators,
    variable: 'ADMIN_TOKEN',
    whose: "This address is the operator's",
    addressOf,
  });
  return {
    shares: createShares(shares),
    pace: new Pace(Math.max(LEAST_PACE, (PACE_A_SUBMISSION * rateLimit.max) / rateLimit.windowS)),
    readLimit: createLocalLimit({ name: 'read', max: READS_A_SUBMISSION * rateLimit.max, windowS: rateLimit.windowS }),
    listLimit: createLocalLimit({ name: 'list', max: listsPerSecond, windowS: 1 }),
    redeliverLimit: createLocalLimit({ name: 'redeliver', ...rateLimit }),
    addressOf,
    checkOperator: (c) => c.set('operator', checkAdminToken(c)),
    checkDatabase: createBearerCheck({
      holders: supabaseWebhookSecret === undefined ? [] : [{ name: 'database', secret: supabaseWebhookSecret }],
      variable: 'SUPABASE_WEBHOOK_SECRET',
      whose: "This address is the database's",
      addressOf,
    }),
  };
}
