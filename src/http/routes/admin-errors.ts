/** The route that tells operators what goes wrong. */
import { Hono } from 'hono';
import { problems } from '../../job/problem.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { onlyOperators } from '../operator.ts';

/** `GET /admin/errors`. */
export function adminErrorRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/admin/errors', onlyOperators(deps), async (c) => {
    const groups = await deps.errorCounts.read();
    const errors = groups.map(({ code, kind, provider, model, minutes5, hour1, example }) => ({
      code,
      title: problems[code].title,
      kind,
      provider,
      model,
      lastFiveMinutes: minutes5,
      lastHour: hour1,
      jobId: example,
    }));
    return answerJson(c, { errors });
  });
  return app;
}
