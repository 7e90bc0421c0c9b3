/** The worker's own small HTTP surface: how it is and what it has done. */
import { Hono } from 'hono';
import type { JobWorker } from './worker.ts';

/** What of a worker's settings its health tells. */
export type HealthFacts = { name: string; concurrency: number; version: string; provider: string };

/** What a worker needs beside its loop to do its work. */
export type HealthChecks = {
  /** Whether Redis takes writes. */
  writes: () => Promise<boolean>;
  /** Whether events are read: without them a cancelled job runs on. */
  listening: () => boolean;
  /** Whether the registry knows what the worker can do: without it the API counts on others. */
  registered: () => boolean;
};

/** `GET /health`: 200 with counters while jobs can be fetched, worked on and stopped, and the registry knows of the worker; else 503. */
export function createHealthApp(worker: JobWorker, { writes, listening, registered }: HealthChecks, facts: HealthFacts): Hono {
  const app = new Hono();
  const startedAt = performance.now();
  const report = async () => {
    const works = (await writes()) && worker.fetches() && listening() && registered();
    return {
      status: works ? 'ok' : 'unavailable',
      ...facts,
      uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
      active: worker.active(),
      ...worker.counters,
    };
  };
  for (const path of ['/health', '/ready']) {
    app.get(path, async (c) => {
      const body = await report();
      return c.json(body, body.status === 'ok' ? 200 : 503, { 'Cache-Control': 'no-store' });
    });
  }
  return app;
}
