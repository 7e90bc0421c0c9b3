/** The worker's own small HTTP surface: how it is and what it has done. */
import { Hono } from 'hono';
import type { JobWorker } from './worker.ts';

/** What of a worker's settings its health tells. */
export type HealthFacts = { name: string; concurrency: number; provider: string };

/** `GET /health`: 200 with counters while the worker takes jobs, 503 while it can't. */
export function createHealthApp(worker: JobWorker, facts: HealthFacts): Hono {
  const app = new Hono();
  const startedAt = performance.now();
  const report = () => ({
    status: worker.running() ? 'ok' : 'unavailable',
    ...facts,
    uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
    active: worker.active(),
    ...worker.counters,
  });
  for (const path of ['/health', '/ready']) {
    app.get(path, (c) => c.json(report(), worker.running() ? 200 : 503, { 'Cache-Control': 'no-store' }));
  }
  return app;
}
