/** Cancelling a job: a call of its own, since closing a stream does nothing to the job. */
import { Hono } from 'hono';
import { findOwnJob } from '../own-job.ts';
import type { AppDeps, AppEnv } from '../env.ts';
import { presentJob } from '../present.ts';
import { noSuchJob } from '../problems.ts';

/** `POST /api/jobs/:jobId/cancel`: 202 when it is cancelled by this, 200 if it has ended already. */
export function cancelRoutes(deps: AppDeps): Hono<AppEnv> {
  const { queue, log } = deps;
  const app = new Hono<AppEnv>();
  app.post('/api/jobs/:jobId/cancel', async (c) => {
    const { id: jobId } = await findOwnJob(c, deps);
    const outcome = await queue.cancel(jobId);
    const after = await queue.read(jobId);
    if (!after) throw noSuchJob();
    if (outcome === 'cancelled') log.info({ jobId, requestId: c.var.requestId }, 'job cancelled');
    return c.json(await presentJob(after.snapshot, deps), outcome === 'cancelled' ? 202 : 200);
  });
  return app;
}
