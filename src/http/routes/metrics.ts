/** The route that Prometheus scrapes. */
import { Hono } from 'hono';
import { answer } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';

/** `GET /metrics`. Where nobody may read it there is no such address. */
export function metricsRoutes({ metrics, checkOperator }: AppDeps): Hono<AppEnv> {
  const { access, contentType } = metrics;
  const app = new Hono<AppEnv>();
  if (access === 'nobody') return app;
  app.get('/metrics', async (c) => {
    if (access === 'operator') checkOperator(c);
    return answer(c, 200, await metrics.text(), { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
  });
  return app;
}
