/**
 * The routes about webhooks: the secret that they are signed with, and what became of those of a
 * job.
 */
import { Hono, type Context } from 'hono';
import { ProblemError } from '../../job/problem.ts';
import { tooFast } from '../../jobs/refusal.ts';
import type { UserSecret, WebhookSecrets } from '../../notifications/webhook-secrets.ts';
import { answerJson } from '../answer.ts';
import { unauthorized } from '../problems.ts';
import type { AppDeps } from '../app-deps.ts';
import type { AppEnv } from '../context.ts';
import { webhooksOff } from '../notification-targets.ts';
import { findOwnJob } from '../job-access.ts';
import { setAllowance } from '../rate-limits.ts';

/**
 * `GET /api/webhooks/secret` and `POST /api/webhooks/secret/rotate`: the caller's secret. `GET
 * /api/jobs/:jobId/deliveries` and `POST /api/jobs/:jobId/deliveries/retry`: the notifications of a
 * job; the second sends the webhook of its newest end again.
 */
export function notificationRoutes(deps: AppDeps): Hono<AppEnv> {
  const { notifications, redeliverLimit, log } = deps;
  const app = new Hono<AppEnv>();
  app.get('/api/webhooks/secret', async (c) => {
    const { user, secrets } = secretsFor(c, deps);
    return answerSecret(c, await secrets.of(user));
  });
  app.post('/api/webhooks/secret/rotate', async (c) => {
    const { user, secrets } = secretsFor(c, deps);
    const rotated = await secrets.rotate(user);
    log.info({ owner: user, version: rotated.version, requestId: c.get('requestId') }, 'webhook secret rotated');
    return answerSecret(c, rotated);
  });
  app.get('/api/jobs/:jobId/deliveries', async (c) => {
    const { id } = await findOwnJob(c, deps);
    return answerJson(c, { deliveries: await notifications.deliveries.of(id) });
  });
  app.post('/api/jobs/:jobId/deliveries/retry', async (c) => {
    const { id: jobId, tenant } = await findOwnJob(c, deps);
    const allowance = redeliverLimit.consume(tenant);
    setAllowance(c, allowance);
    if (!allowance.allowed) throw tooFast(allowance.policy, allowance.resetMs);
    const deliveries = await notifications.deliveries.retry(jobId);
    if (!deliveries.some(({ channel }) => channel === 'webhook')) throw nothingToDeliver(jobId);
    log.info({ jobId, requestId: c.get('requestId') }, 'webhook sent again');
    return answerJson(c, { deliveries }, 202);
  });
  return app;
}

function secretsFor(c: Context<AppEnv>, { identity, notifications }: AppDeps): { user: string; secrets: WebhookSecrets } {
  const user = c.get('user');
  if (user === undefined) throw unauthorized(identity);
  if (!notifications.secrets) throw webhooksOff();
  return { user, secrets: notifications.secrets };
}

/** No store keeps it, not even the browser's own. */
function answerSecret(c: Context<AppEnv>, { secret, version, previous }: UserSecret): Response {
  const before = previous && { secret: previous.secret, validUntil: new Date(previous.until).toISOString() };
  return answerJson(c, { secret, version, previous: before }, 200, { 'Cache-Control': 'no-store' });
}

function nothingToDeliver(jobId: string): ProblemError {
  return new ProblemError('no_deliveries', 'This job has no webhook: it has not ended, or it was submitted without callbackUrl.', {
    jobId,
  });
}
