/**
 * Checks the secret that a request shows as a bearer token (RFC 6750), and bounds how often one
 * address can guess one.
 */
import type { Context } from 'hono';
import { ProblemError } from '../job/problem.ts';
import { tenantOf } from '../job/tenant.ts';
import { createLocalLimit } from '../jobs/rate-limit.ts';
import { tooFast } from '../jobs/refusal.ts';
import { BEARER } from './problems.ts';
import { type Operator, operatorOf } from '../identity/operators.ts';
import type { AppEnv } from './context.ts';
import { setAllowance } from './rate-limits.ts';

/**
 * Lets only requests pass that show one of the secrets. Returns the name of its holder.
 * @throws ProblemError `unauthorized`, or `rate_limited` after too many wrong guesses from the
 * request's address
 */
export type BearerCheck = (c: Context<AppEnv>) => string;

/**
 * `holders`: who passes; where there is none, nobody. `variable`: the variable that sets a secret.
 * `whose`: the start of the error's words. `addressOf`: the address of a request.
 */
export type BearerCheckOptions = {
  holders: readonly Operator[];
  variable: string;
  whose: string;
  addressOf: (c: Context) => string | undefined;
};

/**
 * How many wrong guesses of one address are answered with 401 in a window; after that the answer is
 * 429. Each process counts for itself.
 */
const GUESSES = { name: 'guesses', max: 10, windowS: 60 };

/**
 * After so many wrong guesses in a window even the right secret is refused. Below this bound the
 * right secret passes: many share the address of one proxy, and the mistakes of one must not lock
 * out the others.
 */
const ATTACK = { ...GUESSES, max: 1000 };

/** Makes the check, with the counts of wrong guesses that belong to it. */
export function createBearerCheck({ holders, variable, whose, addressOf }: BearerCheckOptions): BearerCheck {
  const [guesses, attack] = [createLocalLimit(GUESSES), createLocalLimit(ATTACK)];
  return (c) => {
    const shown = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    if (holders.length === 0) throw new ProblemError('unauthorized', `${whose}; set ${variable} to open it.`, BEARER);
    if (shown !== undefined) {
      const address = tenantOf(undefined, addressOf(c));
      const isAttack = attack.look(address).remaining === 0;
      const name = operatorOf(holders, shown);
      if (!isAttack && name !== undefined) return name;
      attack.consume(address);
      const allowance = guesses.consume(address);
      if (!allowance.allowed) {
        setAllowance(c, allowance);
        throw tooFast(GUESSES, allowance.resetMs);
      }
    }
    throw new ProblemError('unauthorized', `${whose}: send Authorization: Bearer with the ${variable}.`, BEARER);
  };
}
