/** The route that lists what operators have done. */
import { Hono } from 'hono';
import { z } from 'zod';
import { ACTIONS_KEPT, type LoggedAction } from '../../jobs/action-log.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { validQuery } from '../list-query.ts';
import { onlyOperators } from '../operator.ts';

const query = z.object({ limit: z.coerce.number().int().min(1).max(ACTIONS_KEPT).default(ACTIONS_KEPT) });

/** `GET /admin/actions`. */
export function adminActionRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/admin/actions', onlyOperators(deps), validQuery(query), async (c) => {
    return answerJson(c, { actions: (await deps.actions.read(c.req.valid('query').limit)).map(presentAction) });
  });
  return app;
}

function presentAction({ id, at, by, what, scope, reason, requestId, result, counts }: LoggedAction) {
  return { id, at: new Date(at).toISOString(), by, what, scope, reason, result, counts, requestId };
}
