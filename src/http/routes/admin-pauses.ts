/** The routes by which operators pause and resume: all jobs, a kind, or a provider. */
import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { type PauseScope, scopeText } from '../../jobs/operator-pauses.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { receiveJson } from '../json-body.ts';
import { actionOf, instant, onlyOperators, reason } from '../operator.ts';
import { invalidInput } from '../problems.ts';
import { presentPauses } from '../pauses.ts';

/** The largest body, in bytes. */
const BODY_BYTES = 16 * 1024;

const name = z.string().regex(/^[a-z\d][a-z\d_-]{0,63}$/, 'must be a name of small letters, digits and dashes');

/** `POST /admin/pause` and `POST /admin/resume`. */
export function adminPauseRoutes(deps: AppDeps): Hono<AppEnv> {
  const { queue, pauses, clock, log } = deps;
  const app = new Hono<AppEnv>();
  const isOperator = onlyOperators(deps);
  const kind = z.enum(deps.kinds.map((one) => one.name));
  const common = { reason, until: instant };
  const body = z.discriminatedUnion('scope', [
    z.strictObject({ scope: z.literal('all'), ...common }),
    z.strictObject({ scope: z.literal('kind'), name: kind, ...common }),
    z.strictObject({ scope: z.literal('provider'), name, ...common }),
  ]);
  const read = async (c: Context<AppEnv>): Promise<z.output<typeof body>> => {
    const { data, error } = body.safeParse(await receiveJson(c, deps, BODY_BYTES));
    if (!data) throw invalidInput(error.issues);
    return data;
  };
  const answer = async (
    c: Context<AppEnv>,
    scope: PauseScope,
    result: string,
    workers?: { live: number; holding: number },
  ): Promise<Response> => {
    log.info({ requestId: c.get('requestId'), by: c.get('operator'), scope: scopeText(scope), result }, 'pause changed by the operator');
    await queue.pausesChanged();
    return answerJson(c, { result, workers, pauses: presentPauses(await queue.pauses()) });
  };

  app.post('/admin/pause', isOperator, async (c) => {
    const { reason: why, until, ...scope } = await read(c);
    const untilMs = until === undefined ? undefined : Math.ceil(until - clock.now());
    if (untilMs !== undefined && untilMs <= 0)
      throw invalidInput([{ code: 'custom', path: ['until'], message: 'must be later than now', input: until }]);
    const result = await pauses.pause(scope, actionOf(c, 'pause', scopeText(scope), why), untilMs);
    return answer(c, scope, result, await queue.untilHeld(scopeText(scope)));
  });
  app.post('/admin/resume', isOperator, async (c) => {
    const { reason: why, until: _, ...scope } = await read(c);
    return answer(c, scope, await pauses.resume(scope, actionOf(c, 'resume', scopeText(scope), why)));
  });
  return app;
}
