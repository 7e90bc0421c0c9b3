/** Reading a job: who may, by being its user, by the token in its addresses or, where no identity is needed, by its unguessable id. */
import type { Context } from 'hono';
import type { Snapshot } from '../job/snapshot.ts';
import { isJobId } from '../job/id.ts';
import { ProblemError } from '../job/problem.ts';
import { maySee, unauthorized } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { noSuchJob } from './problems.ts';
import { BEARER_INVALID, type TokenVerdict } from './stream-token.ts';

/** What a request may read. */
export type Reader = {
  /** Whether it may read a job that was found. */
  allows(snapshot: Snapshot): boolean;
  /** What it is answered where the job is not there or may not be read: the same for both. */
  refusal(): ProblemError;
};

/** Who has just submitted a job may read it. */
export const submitter: Reader = { allows: () => true, refusal: noSuchJob };

/** A request for one job, and what it may read. `token`: the one it is to be judged by, beside the user it names. */
export async function readerOf(
  c: Context<AppEnv, '/:jobId'>,
  { tokens, identityRequired }: AppDeps,
  token: string | undefined,
): Promise<Reader> {
  const jobId = c.req.param('jobId');
  const { user } = c.var;
  const verdict = token === undefined ? 'none' : await tokens.check(jobId, token);
  // Before anything is looked up, so that the answer says nothing about the job.
  if (user === undefined && (verdict === 'invalid' || verdict === 'expired')) throw tokenProblem(verdict);
  if (user === undefined && verdict === 'none' && identityRequired) throw unauthorized();
  if (!isJobId(jobId)) throw noSuchJob();
  return {
    allows: (snapshot) => verdict === 'valid' || maySee(user, snapshot),
    refusal: () => (verdict === 'invalid' ? tokenProblem(verdict) : noSuchJob()),
  };
}

function tokenProblem(verdict: Exclude<TokenVerdict, 'valid'>): ProblemError {
  return verdict === 'invalid'
    ? new ProblemError('token_invalid', "The token is not this job's; take the addresses as the Job gives them.", BEARER_INVALID)
    : new ProblemError(
        'token_expired',
        "The token has expired; ask for the job's status as its user, for fresh addresses.",
        BEARER_INVALID,
      );
}
