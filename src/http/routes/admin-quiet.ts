/** The routes by which operators tell a worker to take no more jobs, and to go on. */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { ProblemError } from '../../job/problem.ts';
import { QUIET } from '../../jobs/operator-pauses.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { receiveJson } from '../json-body.ts';
import { actionOf, onlyOperators, reason } from '../operator.ts';
import { invalidInput } from '../problems.ts';

const BODY_BYTES = 16 * 1024;

const body = z.strictObject({ reason });

/** `POST /admin/workers/:id/quiet` and `POST /admin/workers/:id/unquiet`. */
export function adminQuietRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const isOperator = onlyOperators(deps);
  app.post('/admin/workers/:id/quiet', isOperator, (c) => change(c, deps, { id: c.req.param('id'), quiet: true }));
  app.post('/admin/workers/:id/unquiet', isOperator, (c) => change(c, deps, { id: c.req.param('id'), quiet: false }));
  return app;
}

async function change(c: Context<AppEnv>, deps: AppDeps, { id, quiet }: { id: string; quiet: boolean }): Promise<Response> {
  const { data, error } = body.safeParse(await receiveJson(c, deps, BODY_BYTES));
  if (!data) throw invalidInput(error.issues);
  const result = await deps.setQuiet(id, quiet, actionOf(c, quiet ? 'quiet' : 'unquiet', `worker ${id}`, data.reason));
  if (result === 'unknown') throw new ProblemError('not_found', 'No worker of this id was seen lately; GET /admin/workers lists them.');
  return answerJson(c, { result, workers: quiet ? await deps.queue.untilHeld(QUIET, id) : undefined });
}
