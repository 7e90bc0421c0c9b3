/** Looking at a job: its state as JSON, in the words of today and in those of the first days. */
import { Hono, type Context } from 'hono';
import { isJobId } from '../jobs/id.ts';
import { estimate } from '../queue/stats.ts';
import { maySee } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { inFourWords, type JobObject, presentJob } from './present.ts';
import { noSuchJob } from './problems.ts';

/** The status routes. */
export function jobRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/api/jobs/:jobId', async (c) => answer(c, deps, (job) => job));
  app.get('/api/job-status/:jobId', async (c) => answer(c, deps, inFourWords));
  return app;
}

async function answer(c: Context<AppEnv, '/:jobId'>, { queue, tokens }: AppDeps, words: (job: JobObject) => JobObject): Promise<Response> {
  const jobId = c.req.param('jobId');
  const seen = isJobId(jobId) ? await queue.look(jobId) : undefined;
  if (!seen || !maySee(c.var.user, seen.snapshot)) throw noSuchJob();
  const { snapshot } = seen;
  const etaSeconds = snapshot.position === undefined ? undefined : estimate(await queue.stats(), snapshot.position);
  if (!snapshot.end) c.header('Retry-After', String(Math.min(Math.max(etaSeconds ?? 2, 1), 30)));
  return c.json(words(await presentJob(snapshot, tokens, etaSeconds)));
}
