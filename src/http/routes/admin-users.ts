/** The routes by which operators block single users, or give them another weight and bound. */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { KeptUserTerms } from '../../jobs/user-terms.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import { findAll } from '../bulk.ts';
import type { AppEnv } from '../context.ts';
import { receiveJson } from '../json-body.ts';
import { actionOf, instant, onlyOperators, reason } from '../operator.ts';
import { invalidInput } from '../problems.ts';

const BODY_BYTES = 16 * 1024;

/** How many of the user's running jobs are cancelled in a second. */
const CANCELS_A_SECOND = 100;

const body = z.strictObject({
  blocked: z.boolean().default(false),
  weight: z.number().min(0.01).max(1000).optional(),
  maxJobs: z.int().min(1).max(1_000_000).optional(),
  until: instant,
  reason,
  cancelRunning: z.boolean().default(false),
});

/** `GET /admin/users`, and `GET` and `PUT /admin/users/:id`. */
export function adminUserRoutes(deps: AppDeps): Hono<AppEnv> {
  const { users, clock } = deps;
  const app = new Hono<AppEnv>();
  const isOperator = onlyOperators(deps);
  app.get('/admin/users', isOperator, async (c) => {
    return answerJson(c, { users: (await users.list()).map(([user, terms]) => presentTerms(user, terms)) });
  });
  app.get('/admin/users/:id', isOperator, async (c) => answerUser(c, deps, c.req.param('id')));
  app.put('/admin/users/:id', isOperator, async (c) => {
    const user = c.req.param('id');
    if (user.length > 256) throw invalidInput([{ code: 'custom', path: ['id'], message: 'must be 1 to 256 characters', input: user }]);
    const { data, error } = body.safeParse(await receiveJson(c, deps, BODY_BYTES));
    if (!data) throw invalidInput(error.issues);
    const { until, reason: why, cancelRunning, ...terms } = data;
    const untilMs = until === undefined ? 0 : Math.ceil(until - clock.now());
    if (untilMs < 0) throw invalidInput([{ code: 'custom', path: ['until'], message: 'must be later than now', input: until }]);
    const set = Object.entries(terms).map(([name, value]) => `${name} ${value}`);
    await users.set(user, terms, actionOf(c, 'set user', [`user ${user}`, ...set].join(', '), why), untilMs);
    return answerUser(c, deps, user, cancelRunning ? await cancelAll(c, deps, user, why) : undefined);
  });
  return app;
}

/** Starts to cancel all that a user has under way; resolves with the id of that action. */
async function cancelAll(c: Context<AppEnv>, deps: AppDeps, user: string, why: string | undefined): Promise<string> {
  const { bulk } = deps;
  const { jobs } = await findAll(deps, 'cancel', { user }, c.req.raw.signal);
  const action = actionOf(c, 'cancel jobs', `user ${user}`, why);
  const id = crypto.randomUUID();
  await bulk.actions.keep(id, { what: 'cancel', scope: action.scope, by: action.by, price: { usd: 0, known: true } }, jobs);
  await bulk.actions.start(id, 'cancel', CANCELS_A_SECOND, action);
  bulk.look();
  return id;
}

async function answerUser(c: Context<AppEnv>, { users, queue }: AppDeps, user: string, runId?: string): Promise<Response> {
  const [terms, open] = await Promise.all([users.of(user), queue.openJobsOf(user)]);
  return answerJson(c, { ...presentTerms(user, terms), openJobs: open.length, runId });
}

function presentTerms(userId: string, terms: KeptUserTerms | undefined) {
  return {
    userId,
    blocked: terms?.blocked ?? false,
    weight: terms?.weight,
    maxJobs: terms?.maxJobs,
    reason: terms?.reason,
    by: terms?.by,
    since: terms && new Date(terms.since).toISOString(),
    until: terms?.until === undefined ? undefined : new Date(terms.until).toISOString(),
  };
}
