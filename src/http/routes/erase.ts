/** The routes that erase: a job, or all that is the caller's. */
import { Hono } from 'hono';
import { answer, answerJson } from '../answer.ts';
import { unauthorized } from '../problems.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { ErasureTurns } from '../erasure-turns.ts';
import { findOwnJob } from '../job-access.ts';

/**
 * `DELETE /api/jobs/:jobId`: 204; a job that runs is cancelled first. `DELETE /api/me/data`: 200
 * with counts of what was erased.
 */
export function eraseRoutes(deps: AppDeps): Hono<AppEnv> {
  const { eraser, shares, identity, log } = deps;
  const turns = new ErasureTurns(eraser, shares.reads);
  const app = new Hono<AppEnv>();
  app.delete('/api/jobs/:jobId', async (c) => {
    const job = await findOwnJob(c, deps);
    const { id: jobId } = job;
    await turns.erase(c.get('holder'), job);
    log.info({ jobId, requestId: c.get('requestId') }, 'job erased');
    return answer(c, 204, null);
  });
  app.delete('/api/me/data', async (c) => {
    const user = c.get('user');
    if (user === undefined) throw unauthorized(identity);
    const release = await shares.reads.turn(c.get('holder'), c.req.raw.signal);
    const counts = await eraser.user(user).finally(release);
    log.info({ ...counts, requestId: c.get('requestId') }, 'data of a user erased');
    return answerJson(c, counts, 200);
  });
  return app;
}
