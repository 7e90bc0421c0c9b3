/** The worker's own HTTP routes: whether it works, and what it has done. */
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { listen } from '../src/listen.ts';
import type { Parts } from '../src/process.ts';
import type { ProcessStore } from '../src/store/store.ts';
import type { JobWorker } from './run/worker.ts';

/**
 * How long the start waits for all that the worker needs, in
 * ms. Without Redis it goes on, and its health says so.
 */
const START_MS = 3000;

/** What the health of a worker is told from, and what it shows. */
export type HealthOptions = {
  store: Pick<ProcessStore, 'monitor' | 'warnings' | 'clock'>;
  worker: JobWorker;
  /** Whether the registry has this worker. If it has not, the API does not count on it. */
  registered: () => boolean;
  facts: { name: string; concurrency: number; version: string; provider: string };
  config: Pick<Config, 'host' | 'workerHealthPorts'>;
  log: Logger;
};

/**
 * Serves the worker's health. Resolves with the port, once the
 * worker works or the start has waited for that.
 */
export async function serveHealth(options: HealthOptions, parts: Parts): Promise<number> {
  const { store, worker, registered, facts, config, log } = options;
  /** Whether jobs can be fetched, worked on and stopped, and whether the registry knows of the worker. */
  const works = async () => (await store.monitor.probe()) === undefined && worker.fetches() && worker.noticesCancels() && registered();
  const { fetch } = createHealthApp(options, works);
  const ports = config.workerHealthPorts;
  const createServer = () => createAdaptorServer({ fetch, hostname: 'localhost' });
  const { port } = parts.add(await listen(createServer, { host: config.host, ports, variable: 'WORKER_HEALTH_PORT' }));
  if (!ports.includes(0) && port !== ports[0]) log.warn({ port }, `port ${ports[0]} is taken, so /health is at port ${port}`);
  for (const end = performance.now() + START_MS; performance.now() < end && !(await works());)
    await new Promise((resolve) => setTimeout(resolve, 20));
  log.info({ port, concurrency: facts.concurrency }, 'worker listening');
  return port;
}

/** `GET /health`: 200 with counters while the worker works, else 503. */
function createHealthApp({ store, worker, facts }: HealthOptions, works: () => Promise<boolean>): Hono {
  const app = new Hono();
  const startedAt = performance.now();
  const report = async () => ({
    status: (await works()) ? 'ok' : 'unavailable',
    ...facts,
    ...(store.warnings().length > 0 && { warnings: store.warnings() }),
    clockAheadMs: store.clock.aheadMs(),
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
