/** The route that cancels a job. To close a stream does not cancel anything. */
import { Hono } from 'hono';
import { findOwnJob } from '../job-access.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { answerJson } from '../answer.ts';
import { addressesFor, presentJob } from '../present.ts';
import { noSuchJob } from '../problems.ts';

/**
 * `POST /api/jobs/:jobId/cancel`: 202 if this request cancels the job, 200 if the job had already
 * ended.
 */
export function cancelRoutes(deps: AppDeps): Hono<AppEnv> {
  const { queue, log } = deps;
  const app = new Hono<AppEnv>();
  app.post('/api/jobs/:jobId/cancel', async (c) => {
    const job = await findOwnJob(c, deps);
    const { id: jobId } = job;
    c.get('span')?.link(job.traceparent);
    const outcome = await queue.cancel(jobId);
    const after = (await queue.read(jobId))?.snapshot ?? (job.end && job); // the archive has it
    if (!after) throw noSuchJob();
    if (outcome === 'cancelled') log.info({ jobId, requestId: c.get('requestId') }, 'job cancelled');
    return answerJson(c, presentJob(after, await addressesFor(deps)), outcome === 'cancelled' ? 202 : 200);
  });
  return app;
}
