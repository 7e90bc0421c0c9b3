/** The routes of the archive: for the operator, and for the database that reports deleted users. */
import { Hono } from 'hono';
import { z } from 'zod';
import { ProblemError } from '../../job/problem.ts';
import { answerJson } from '../answer.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { actionOf } from '../operator.ts';
import { invalidInput } from '../problems.ts';
import { receiveJson } from '../json-body.ts';

/** How many refused rows are shown. */
const SHOWN = 100;

/** The largest body of a webhook, in bytes: a row of auth.users. */
const BODY_BYTES = 256 * 1024;

/** The body of a database webhook of Supabase. */
const deletion = z.object({
  type: z.string(),
  schema: z.string(),
  table: z.string(),
  old_record: z.looseObject({ id: z.unknown() }).nullable().default(null),
});

/** Of its rows, a user. */
const user = z.object({ old_record: z.object({ id: z.guid() }) });

/** `GET /admin/archive`, `POST /admin/archive/retry` and `POST /webhooks/supabase`. */
export function archiveRoutes(deps: AppDeps): Hono<AppEnv> {
  const { outbox, eraser, checkOperator, checkDatabase, actions, log } = deps;
  const app = new Hono<AppEnv>();
  const own = () => {
    if (outbox) return outbox;
    throw new ProblemError('not_found', 'This server has no archive.');
  };

  app.get('/admin/archive', async (c) => {
    checkOperator(c);
    const [state, parked] = await Promise.all([own().state(), own().parked(SHOWN)]);
    return answerJson(c, { ...state, jobs: parked });
  });

  app.post('/admin/archive/retry', async (c) => {
    checkOperator(c);
    const action = actionOf(c, 'retry archive', 'refused rows');
    const retried = await own().reopen();
    await actions.write(action, 'done', { retried });
    log.info({ requestId: c.get('requestId'), retried }, 'refused rows are tried again by the operator');
    return answerJson(c, { retried });
  });

  app.post('/webhooks/supabase', async (c) => {
    checkDatabase(c);
    const body = await receiveJson(c, deps, BODY_BYTES);
    const parsed = deletion.safeParse(body);
    if (!parsed.success) throw invalidInput(parsed.error.issues);
    const { type, schema, table, old_record: row } = parsed.data;
    if (type !== 'DELETE' || schema !== 'auth' || table !== 'users' || !row) return answerJson(c, { ignored: true });
    const gone = user.safeParse(body);
    if (!gone.success) throw invalidInput(gone.error.issues);
    const counts = await eraser.user(gone.data.old_record.id.toLowerCase());
    log.info({ ...counts, requestId: c.get('requestId') }, 'data of a deleted user erased');
    return answerJson(c, counts);
  });
  return app;
}
