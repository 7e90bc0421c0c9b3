/** The worker's own HTTP routes: whether it works, and what it has done. */
import type { Server } from 'node:http';
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
export type HealthSources = {
  store: Pick<ProcessStore, 'monitor' | 'warnings' | 'clock'>;
  worker: JobWorker;
  /** Whether the registry has this worker. If it has not, the API does not count on it. */
  registered: () => boolean;
  facts: { name: string; concurrency: number; version: string; provider: string };
};

/** What a worker says of itself; `status` is `ok` while it works. */
type Report = { status: 'ok' | 'starting' | 'unavailable' } & Record<string, unknown>;

/**
 * Serves `GET /health` and `GET /ready`: 200 with counters while the worker works, else 503. It
 * listens before the worker takes a job: one whose port is taken ends before it has begun anything.
 */
export class Health {
  #port = 0;
  #report: () => Report | Promise<Report> = () => ({ status: 'starting' });

  private constructor() {}

  /**
   * Listens.
   * @throws OwnError with what to do where no port can be had
   */
  static async open(
    { host, workerHealthPorts: ports }: Pick<Config, 'host' | 'workerHealthPorts'>,
    log: Logger,
    parts: Parts,
  ): Promise<Health> {
    const health = new Health();
    const app = new Hono();
    for (const path of ['/health', '/ready']) {
      app.get(path, async (c) => {
        const body = await health.#report();
        return c.json(body, body.status === 'ok' ? 200 : 503, { 'Cache-Control': 'no-store' });
      });
    }
    const createServer = () => createAdaptorServer({ fetch: app.fetch, hostname: 'localhost' }) as Server;
    const { port } = parts.add(await listen(createServer, { host, ports, variable: 'WORKER_HEALTH_PORT' }));
    health.#port = port;
    if (!ports.includes(0) && port !== ports[0]) log.warn({ port }, `port ${ports[0]} is taken, so /health is at port ${port}`);
    return health;
  }

  get port(): number {
    return this.#port;
  }

  /** Tells of a worker from now on. Resolves once it works, or the start has waited for that. */
  async serve(sources: HealthSources): Promise<void> {
    const startedAt = performance.now();
    this.#report = () => reportOf(sources, startedAt);
    for (const end = performance.now() + START_MS; performance.now() < end && !(await works(sources));)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether jobs can be fetched, worked on and stopped, and whether the registry knows of the worker. */
async function works({ store, worker, registered }: HealthSources): Promise<boolean> {
  return (await store.monitor.probe()) === undefined && worker.fetches() && worker.noticesCancels() && registered();
}

async function reportOf(sources: HealthSources, startedAt: number): Promise<Report> {
  const { store, worker, facts } = sources;
  return {
    status: (await works(sources)) ? 'ok' : 'unavailable',
    ...facts,
    ...(store.warnings().length > 0 && { warnings: store.warnings() }),
    clockAheadMs: store.clock.aheadMs(),
    uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
    active: worker.active(),
    ...worker.counters,
  };
}
