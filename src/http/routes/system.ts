/**
 * The routes about the service itself: whether it is up and ready, and the state of Redis and of
 * the queue.
 */
import { Hono, type Context } from 'hono';
import { type ModelEnd, nearEnds } from '../../job/model-end.ts';
import { ProblemError } from '../../job/problem.ts';
import type { Kind } from '../../kinds/kind.ts';
import { CONTRACT_VERSION } from '../../openapi/contract-version.ts';
import { queueUnavailable } from '../../store/queue-unavailable.ts';
import { estimate } from '../../jobs/eta.ts';
import type { ClockOff } from '../../jobs/stats.ts';
import type { Availability } from '../../jobs/worker-registry.ts';
import { answerJson } from '../answer.ts';
import { presentPauses } from '../pauses.ts';
import { figuresOf } from '../shares.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';

/**
 * `GET /` (an index of all routes), `/api/kinds`, `/health`, `/ready`, `/api/redis/health` and
 * `/api/queue/stats`.
 */
export function systemRoutes(deps: AppDeps): Hono<AppEnv> {
  const { kinds, queue, clock, connections } = deps;
  const app = new Hono<AppEnv>();
  const index = indexOf(kinds);
  const startedAt = performance.now();
  app.get('/', (c) => answerJson(c, index, 200, { Vary: 'Accept' }));
  app.get('/api/kinds', async (c) => {
    const states = kinds.map(async ({ name, path, summary }) => {
      return { name, path, summary, ...presentAvailability(await queue.availability(name), clock.now()) };
    });
    return answerJson(c, { kinds: await Promise.all(states) });
  });
  // It says only that this process answers. If it depended on Redis, a host would restart the
  // process whenever Redis is away.
  app.get('/health', (c) =>
    answerJson(c, {
      status: 'ok',
      contractVersion: CONTRACT_VERSION,
      uptimeSeconds: Math.round((performance.now() - startedAt) / 1000),
      followers: connections.size(),
    }),
  );
  app.get('/ready', (c) => answerReady(c, deps));
  app.get('/api/redis/health', async (c) => answerJson(c, { status: 'ok', latencyMs: Number((await queue.ping()).toFixed(2)) }));
  app.get('/api/queue/stats', (c) => answerStats(c, deps));
  return app;
}

/** All routes by what they are for. */
function indexOf(kinds: readonly Kind[]) {
  return {
    name: 'ai-jobs',
    submit: kinds.map(({ path, summary }) => ({ method: 'POST', path, summary })),
    look: ['/api/jobs/:jobId', '/api/job-status/:jobId', '/api/jobs'],
    cancel: ['/api/jobs/:jobId/cancel'],
    retry: ['/api/jobs/:jobId/retry'],
    erase: ['/api/jobs/:jobId', '/api/me/data'],
    watch: ['/api/jobs/:jobId/events', '/api/events'],
    download: ['/api/jobs/:jobId/output', '/api/jobs/:jobId/output/:n'],
    notify: ['/api/webhooks/secret', '/api/webhooks/secret/rotate', '/api/jobs/:jobId/deliveries', '/api/jobs/:jobId/deliveries/retry'],
    know: [
      '/api/kinds',
      '/health',
      '/ready',
      '/api/redis/health',
      '/api/queue/stats',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/docs/handbook/:chapter',
      '/llms.txt',
      '/llms-full.txt',
      '/problems/:code',
    ],
  };
}

async function answerReady(c: Context<AppEnv>, deps: AppDeps): Promise<Response> {
  const { queue, storeTrouble, draining, listening, storeWarnings, clock } = deps;
  const trouble = await storeTrouble();
  if (trouble) throw queueUnavailable(undefined, trouble);
  if (draining()) throw new ProblemError('queue_unavailable', 'This server is about to stop.');
  if (!listening())
    throw new ProblemError('queue_unavailable', 'Redis answers, but its events are not being read yet.', { retryAfterMs: 1000 });
  const warnings = storeWarnings();
  const pauses = await queue.pauses().catch(() => []); // jobs are taken on all the same
  return answerJson(c, {
    status: 'ready',
    ...(pauses.length > 0 && { pauses: presentPauses(pauses) }),
    ...(warnings.length > 0 && { warnings }),
    clockAheadMs: clock.aheadMs(),
  });
}

async function answerStats(c: Context<AppEnv>, deps: AppDeps): Promise<Response> {
  const { queue, clock, outbox, notifications, shares } = deps;
  const [stats, oldest, modelEnds, archive, unsent] = await Promise.all([
    queue.stats(),
    queue.oldest(),
    readModelEnds(deps),
    outbox?.state(),
    notifications.queue.counts(),
  ]);
  const { meanRunMs: _, msPerStart: __, shared: ___, pausedKinds: ____, pauses, clocksOff = [], ...figures } = stats;
  const { waiting, active, delayed } = figures.counts;
  const aheadMs = clock.aheadMs();
  const allOff: ClockOff[] = aheadMs === undefined ? clocksOff : [{ process: 'api', aheadMs }, ...clocksOff];
  return answerJson(c, {
    ...figures,
    depth: waiting + active + delayed,
    oldestWaitingMs: Math.max(...oldest.map((lane) => lane.waiting)),
    etaSeconds: estimate(stats, waiting + 1),
    pauses: pauses && presentPauses(pauses),
    clocksOff: allOff.length > 0 ? allOff : undefined,
    modelEnds: modelEnds.length > 0 ? modelEnds : undefined,
    archive,
    notifications: unsent,
    held: figuresOf(shares),
  });
}

/** The models that end soon or have ended, each with the kinds that ask it. */
async function readModelEnds({ kinds, queue, clock }: AppDeps): Promise<(ModelEnd & { kinds: string[] })[]> {
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
