/** The worker's own HTTP routes: whether it works, and what it has done. */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import type { Logger } from 'pino';
import type { Config } from '../src/config.ts';
import { operatorOf } from '../src/identity/operators.ts';
import { listen } from '../src/listen.ts';
import { metricsAccessOf } from '../src/metrics/access.ts';
import type { ProcessMetrics } from '../src/metrics/process-metrics.ts';
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
  facts: { name: string; concurrency: number; lanes: Record<string, number>; version: string; provider: string };
  metrics: MetricsPage;
};

/** The metrics of the process, as text. */
type MetricsPage = Pick<ProcessMetrics, 'text' | 'contentType'>;

/** What a worker says of itself; `status` is `ok` while it works. */
type Report = { status: 'ok' | 'starting' | 'unavailable' } & Record<string, unknown>;

/**
 * Serves `GET /health` and `GET /ready`: 200 with counters while the worker works, else 503; and
 * `GET /metrics` for operators. It
 * listens before the worker takes a job: one whose port is taken ends before it has begun anything.
 */
export class Health {
  #port = 0;
  #metrics: MetricsPage | undefined;
  #report: () => Report | Promise<Report> = () => ({ status: 'starting' });

  private constructor() {}

  /**
   * Listens.
   * @throws OwnError with what to do where no port can be had
   */
  static async open(
    { host, workerHealthPorts: ports, ...config }: Pick<Config, 'host' | 'workerHealthPorts' | 'production' | 'operators'>,
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
    app.get('/metrics', async (c) => refuseScrape(c, config) ?? answerScrape(c, health.#metrics));
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
    this.#metrics = sources.metrics;
    this.#report = () => reportOf(sources, startedAt);
    for (const end = performance.now() + START_MS; performance.now() < end && (await troubleOf(sources)) !== undefined;)
      await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/**
 * Refuses who may not read the metrics; undefined for who may.
 * In production without a token it is nobody.
 */
function refuseScrape(c: Context, config: Pick<Config, 'production' | 'operators'>): Response | Promise<Response> | undefined {
  switch (metricsAccessOf(config)) {
    case 'anyone':
      return undefined;
    case 'nobody':
      return c.notFound();
    case 'operator': {
      const shown = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
      if (shown !== undefined && operatorOf(config.operators, shown) !== undefined) return undefined;
      return c.text('Send Authorization: Bearer with the ADMIN_TOKEN.\n', 401, { 'WWW-Authenticate': 'Bearer' });
    }
  }
}

async function answerScrape(c: Context, metrics: MetricsPage | undefined): Promise<Response> {
  if (!metrics) return c.text('The worker starts.\n', 503);
  return c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' });
}

/**
 * What keeps the worker from its work: Redis is `away` or refuses (its own word, such as `OOM`), jobs
 * can't be fetched, cancels are not read, or the registry has not taken it; undefined while it works.
 */
export async function troubleOf({
  store,
  worker,
  registered,
}: Pick<HealthSources, 'store' | 'worker' | 'registered'>): Promise<string | undefined> {
  const trouble = await store.monitor.probe();
  if (trouble) return `redis: ${trouble.type === 'away' ? 'away' : trouble.code}`;
  if (!worker.fetches()) return 'jobs are not fetched';
  if (!worker.noticesCancels()) return 'cancels are not read';
  return registered() ? undefined : 'not registered';
}

async function reportOf(sources: HealthSources, startedAt: number): Promise<Report> {
  const { store, worker, facts } = sources;
  const trouble = await troubleOf(sources);
  return {
    status: trouble === undefined ? 'ok' : 'unavailable',
    trouble,
    ...facts,
    ...(store.warnings().length > 0 && { warnings: store.warnings() }),
    clockAheadMs: store.clock.aheadMs(),
    uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
    active: worker.active(),
    ...(worker.vitals().quiet && { quiet: true }),
    ...worker.counters,
  };
}
