/** Cancelling a job: a call of its own, since closing a stream does nothing to the job. */
import { Hono } from 'hono';
import { isJobId } from '../jobs/id.ts';
import { ProblemError } from '../jobs/problem.ts';
import { maySee } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { presentJob } from './present.ts';
import { noSuchJob } from './problems.ts';

/** `POST /api/jobs/:jobId/cancel`: 202 when it is cancelled by this, 200 if it has ended already. */
export function cancelRoutes({ queue, tokens, log }: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post('/api/jobs/:jobId/cancel', async (c) => {
    const jobId = c.req.param('jobId');
    const { user } = c.var;
    const before = isJobId(jobId) ? await queue.look(jobId) : undefined;
    if (!before || !maySee(user, before.snapshot)) throw noSuchJob();
    if (before.snapshot.owner !== undefined && user === undefined) {
      // Who knows the id may read; to end the job they must say that it is theirs.
      throw new ProblemError('unauthorized', 'Say whose job it is: send the user-id header.', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      });
    }
    const outcome = await queue.cancel(jobId);
    const after = await queue.look(jobId);
    if (!after) throw noSuchJob();
    if (outcome === 'cancelled') log.info({ jobId, requestId: c.var.requestId }, 'job cancelled');
    return c.json(await presentJob(after.snapshot, tokens), outcome === 'cancelled' ? 202 : 200);
  });
  return app;
}
