/**
 * The routes by which operators retry, cancel or erase many jobs: reckoned first, then started
 * by an id.
 */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { ProblemError } from '../../job/problem.ts';
import { BULK_ACTIONS, type BulkKind } from '../../jobs/bulk-actions.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import { findAll, POSSIBLE, presentBulk, priceOf } from '../bulk.ts';
import type { AppEnv } from '../context.ts';
import { jobFilterFields, searchFilterOf } from '../job-filter.ts';
import { receiveJson } from '../json-body.ts';
import { actionOf, onlyOperators, reason } from '../operator.ts';
import { invalidInput } from '../problems.ts';

const BODY_BYTES = 16 * 1024;

/** How many jobs a second, if the request does not say. */
const RATE = 50;

const dryRun = z.strictObject({ dryRun: z.literal(true), ...jobFilterFields });
const start = z.strictObject({ runId: z.uuid(), rate: z.int().min(1).max(1000).default(RATE), reason });

/** `POST /admin/jobs/retry`, `/cancel` and `/purge`, and `GET /admin/runs/:id`. */
export function adminBulkRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const isOperator = onlyOperators(deps);
  for (const what of BULK_ACTIONS) app.post(`/admin/jobs/${what}`, isOperator, (c) => reckonOrStart(c, deps, what));
  app.get('/admin/runs/:id', isOperator, async (c) => {
    const action = await deps.bulk.actions.read(c.req.param('id'));
    if (!action) throw noSuchRun();
    return answerJson(c, presentBulk(action));
  });
  return app;
}

async function reckonOrStart(c: Context<AppEnv>, deps: AppDeps, what: BulkKind): Promise<Response> {
  const body = await receiveJson(c, deps, BODY_BYTES);
  const isStart = typeof body === 'object' && body !== null && 'runId' in body;
  if (isStart) {
    const { data, error } = start.safeParse(body);
    if (!data) throw invalidInput(error.issues);
    return startOne(c, deps, what, data);
  }
  const { data, error } = dryRun.safeParse(body);
  if (!data) throw invalidInput(error.issues);
  const { dryRun: _, ...written } = data;
  const possible = POSSIBLE[what];
  if (written.state !== undefined && possible && !possible.includes(written.state))
    throw invalidInput([{ code: 'custom', path: ['state'], message: `must be one of ${possible.join(', ')}`, input: written.state }]);
  const filter = searchFilterOf(written, deps.clock.now());
  const { jobs, more } = await findAll(deps, what, filter, c.req.raw.signal);
  const price = what === 'retry' ? await priceOf(deps, jobs) : { usd: 0, known: true };
  const by = c.get('operator') ?? '';
  const action = await deps.bulk.actions.keep(crypto.randomUUID(), { what, scope: inWords(body as object), by, price }, jobs);
  return answerJson(c, { ...presentBulk(action), more });
}

async function startOne(c: Context<AppEnv>, { bulk, log }: AppDeps, what: BulkKind, { runId, rate, reason: why }: z.output<typeof start>) {
  const known = await bulk.actions.read(runId);
  const action = actionOf(c, `${what} jobs`, known?.scope ?? '', why);
  const result = known ? await bulk.actions.start(runId, what, rate, action) : 'unknown';
  const now = await bulk.actions.read(runId);
  if (result === 'unknown' || !now) throw noSuchRun();
  bulk.look();
  log.info({ requestId: c.get('requestId'), by: action.by, runId, what, scope: action.scope, result }, 'bulk action by the operator');
  return answerJson(c, { result, ...presentBulk(now) }, 202);
}

/** Which jobs are meant, as the operator has written it. */
function inWords(body: object): string {
  const parts = Object.entries(body).flatMap(([name, value]) => (name === 'dryRun' ? [] : [`${name} ${String(value)}`]));
  return parts.length === 0 ? 'all' : parts.join(', ');
}

function noSuchRun(): ProblemError {
  return new ProblemError('not_found', 'There is no such run, or its five minutes are over; make a dry run first.');
}
