/** The route that tells operators of the workers. */
import { Hono } from 'hono';
import type { SeenWorker } from '../../jobs/worker-registry.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { onlyOperators } from '../operator.ts';

/** `GET /admin/workers`: those that live, and those that lived lately. */
export function adminWorkerRoutes(deps: AppDeps): Hono<AppEnv> {
  const { queue, clock } = deps;
  const app = new Hono<AppEnv>();
  app.get('/admin/workers', onlyOperators(deps), async (c) => {
    const workers = (await queue.workers()).toSorted((one, other) => one.name.localeCompare(other.name) || one.id.localeCompare(other.id));
    return answerJson(c, { workers: workers.map((worker) => presentWorker(worker, clock.now())) });
  });
  return app;
}

/** What a worker has said of itself, at its last heartbeat. */
function presentWorker({ id, name, version, live, seenMs, concurrency, lanes, kinds, clockAheadMs, vitals }: SeenWorker, now: number) {
  const { active, jobs, loopAgeMs, lastJob, quiet = false } = vitals ?? {};
  return {
    id,
    name,
    version,
    live,
    seenAt: new Date(now - seenMs).toISOString(),
    concurrency,
    lanes: lanes && Object.fromEntries(Object.entries(lanes).map(([kind, lane]) => [kind, lane.concurrency])),
    kinds: Object.entries(kinds).map(([kind, support]) =>
      support.available
        ? { kind, available: true, provider: support.provider, model: support.model }
        : { kind, available: false, missing: support.missing },
    ),
    active,
    jobs,
    loopAgeMs,
    lastJob: lastJob && { jobId: lastJob.id, at: new Date(lastJob.at).toISOString() },
    quiet,
    clockAheadMs,
  };
}
