/** The routes about the service itself: whether it is up and ready, and the state of Redis and of the queue. */
import { Hono } from 'hono';
import { type ModelEnd, nearEnds } from '../../job/model-end.ts';
import { ProblemError } from '../../job/problem.ts';
import { unavailable } from '../../store/redis-connection.ts';
import { type ClockOff, estimate } from '../../jobs/stats.ts';
import type { Availability } from '../../jobs/worker-registry.ts';
import { answerJson } from '../answer.ts';
import { figuresOf } from '../shares.ts';
import type { AppDeps, AppEnv } from '../env.ts';

/** What these routes need. */
type Deps = Pick<
  AppDeps,
  | 'kinds'
  | 'queue'
  | 'clock'
  | 'outbox'
  | 'notifications'
  | 'shares'
  | 'connections'
  | 'listening'
  | 'storeTrouble'
  | 'storeWarnings'
  | 'draining'
>;

/** `GET /` (an index of all routes), `/health`, `/ready`, `/api/redis/health` and `/api/queue/stats`. */
export function systemRoutes(deps: Deps): Hono<AppEnv> {
  const { kinds, queue, clock, outbox, notifications, shares, connections, listening, storeTrouble, storeWarnings, draining } = deps;
  const app = new Hono<AppEnv>();
  const startedAt = performance.now();

  app.get('/', (c) =>
    answerJson(
      c,
      {
        name: 'ai-jobs',
        submit: kinds.map(({ path, summary }) => ({ method: 'POST', path, summary })),
        look: ['/api/jobs/:jobId', '/api/job-status/:jobId', '/api/jobs'],
        cancel: ['/api/jobs/:jobId/cancel'],
        retry: ['/api/jobs/:jobId/retry'],
        erase: ['/api/jobs/:jobId', '/api/me/data'],
        watch: ['/api/jobs/:jobId/events', '/api/events'],
        download: ['/api/jobs/:jobId/output', '/api/jobs/:jobId/output/:n'],
        notify: ['/api/webhooks/secret', '/api/webhooks/secret/rotate', '/api/jobs/:jobId/deliveries', '/api/jobs/:jobId/deliveries/retry'],
        know: ['/api/kinds', '/health', '/ready', '/api/redis/health', '/api/queue/stats', '/openapi.json', '/docs', '/problems/:code'],
      },
      200,
      { Vary: 'Accept' },
    ),
  );

  app.get('/api/kinds', async (c) =>
    answerJson(c, {
      kinds: await Promise.all(
        kinds.map(async ({ name, path, summary }) => ({
          name,
          path,
          summary,
          ...presentAvailability(await queue.availability(name), clock.now()),
        })),
      ),
    }),
  );

  // It says only that this process answers. If it depended on Redis, a host would restart the process whenever Redis is away.
  app.get('/health', (c) =>
    answerJson(c, { status: 'ok', uptimeSeconds: Math.round((performance.now() - startedAt) / 1000), followers: connections.size() }),
  );

  app.get('/ready', async (c) => {
    const trouble = await storeTrouble();
    if (trouble) throw unavailable(undefined, trouble);
    if (draining()) throw new ProblemError('queue_unavailable', 'This server is about to stop.');
    if (!listening())
      throw new ProblemError('queue_unavailable', 'Redis answers, but its events are not being read yet.', { retryAfterMs: 1000 });
    const warnings = storeWarnings();
    return answerJson(c, { status: 'ready', ...(warnings.length > 0 && { warnings }), clockAheadMs: clock.aheadMs() });
  });

  app.get('/api/redis/health', async (c) => answerJson(c, { status: 'ok', latencyMs: Number((await queue.ping()).toFixed(2)) }));

  app.get('/api/queue/stats', async (c) => {
    const { deliveries } = notifications;
    const [{ meanRunMs, msPerStart, clocksOff = [], ...figures }, modelEnds, archive, told] = await Promise.all([
      queue.stats(),
      readModelEnds(),
      outbox?.state(),
      deliveries.counts(),
    ]);
    const { waiting, active, delayed } = figures.counts;
    const aheadMs = clock.aheadMs();
    const allOff: ClockOff[] = aheadMs === undefined ? clocksOff : [{ process: 'api', aheadMs }, ...clocksOff];
    return answerJson(c, {
      ...figures,
      depth: waiting + active + delayed,
      etaSeconds: estimate({ meanRunMs, msPerStart, ...figures }, waiting + 1),
      clocksOff: allOff.length > 0 ? allOff : undefined,
      modelEnds: modelEnds.length > 0 ? modelEnds : undefined,
      archive,
      notifications: told,
      held: figuresOf(shares),
    });
  });

  /** The models that end soon or have ended, each with the kinds that ask it. */
  async function readModelEnds(): Promise<(ModelEnd & { kinds: string[] })[]> {
    const found = new Map<string, ModelEnd & { kinds: string[] }>();
    for (const { name } of kinds) {
      for (const end of nearEndsOf(await queue.availability(name), clock.now())) {
        const known = found.get(end.model) ?? { ...end, kinds: [] };
        known.kinds.push(name);
        found.set(end.model, known);
      }
    }
    return [...found.values()].toSorted((one, other) => (one.date < other.date ? -1 : 1));
  }

  return app;
}

/** While no worker is known a kind counts as available: its jobs are accepted, and wait. */
function presentAvailability(availability: Availability, now: number) {
  switch (availability.type) {
    case 'unknown':
      return { available: true };
    case 'available': {
      const { provider, model, needs } = availability;
      const ends = nearEndsOf(availability, now);
      return { available: true, provider, model, needs, modelEnds: ends.length > 0 ? ends : undefined };
    }
    case 'unavailable':
      return { available: false, missing: availability.missing };
  }
}

function nearEndsOf(availability: Availability, now: number): ModelEnd[] {
  return availability.type === 'available' ? nearEnds(availability.ends, now) : [];
}
