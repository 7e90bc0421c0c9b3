/** The worker's own HTTP routes: whether it works, and what it has done. */
import { Hono } from 'hono';
import type { Clock } from '../src/store/clock.ts';
import type { JobWorker } from './run/worker.ts';

/** The settings that a worker's health shows. */
export type HealthFacts = { name: string; concurrency: number; version: string; provider: string };

/** What must be well, beside the loop, for a worker to do its work. */
export type HealthChecks = {
  /** Whether Redis takes writes. */
  writes: () => Promise<boolean>;
  /** Whether the registry has this worker. If it has not, the API does not count on it. */
  registered: () => boolean;
};

/** Makes the function that tells whether jobs can be fetched, worked on and stopped, and whether the registry knows of the worker. */
export function createWorks(worker: JobWorker, { writes, registered }: HealthChecks): () => Promise<boolean> {
  return async () => (await writes()) && worker.fetches() && worker.noticesCancels() && registered();
}

/** What the routes are made with. `warnings`: what an operator should know of Redis and of the clock, a sentence each. */
export type HealthParts = {
  worker: JobWorker;
  works: () => Promise<boolean>;
  facts: HealthFacts;
  warnings: () => string[];
  clock: Pick<Clock, 'aheadMs'>;
};

/** `GET /health`: 200 with counters while the worker works, else 503. */
export function createHealthApp({ worker, works, facts, warnings, clock }: HealthParts): Hono {
  const app = new Hono();
  const startedAt = performance.now();
  const report = async () => ({
    status: (await works()) ? 'ok' : 'unavailable',
    ...facts,
    ...(warnings().length > 0 && { warnings: warnings() }),
    clockAheadMs: clock.aheadMs(),
    uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
    active: worker.active(),
    ...worker.counters,
  });
  for (const path of ['/health', '/ready']) {
    app.get(path, async (c) => {
      const body = await report();
      return c.json(body, body.status === 'ok' ? 200 : 503, { 'Cache-Control': 'no-store' });
    });
  }
  return app;
}
