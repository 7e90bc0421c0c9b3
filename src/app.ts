/** The whole HTTP surface on one page, on Request and Response alone. */
import { Hono, type NotFoundHandler } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { ProblemError } from './job/problem.ts';
import { adminActionRoutes } from './http/routes/admin-actions.ts';
import { adminDeadLetterRoutes } from './http/routes/admin-dead-letters.ts';
import { adminErrorRoutes } from './http/routes/admin-errors.ts';
import { adminJobRoute } from './http/routes/admin-job.ts';
import { adminJobRoutes } from './http/routes/admin-jobs.ts';
import { adminWorkerRoutes } from './http/routes/admin-workers.ts';
import { adminBulkRoutes } from './http/routes/admin-bulk.ts';
import { adminQuietRoutes } from './http/routes/admin-quiet.ts';
import { adminUserRoutes } from './http/routes/admin-users.ts';
import { adminPauseRoutes } from './http/routes/admin-pauses.ts';
import { aiSdkChatRoutes } from './http/routes/ai-sdk-chat.ts';
import { aiSdkTextRoutes } from './http/routes/ai-sdk-text.ts';
import { archiveRoutes } from './http/routes/archive.ts';
import { cancelRoutes } from './http/routes/cancel.ts';
import { docsRoutes } from './http/routes/docs.ts';
import type { AppDeps } from './http/app-deps.ts';
import type { AppEnv } from './http/context.ts';
import { isOfOperators } from './http/origins.ts';
import { answerErrors, answerNotFound, problemResponse } from './http/problems.ts';
import { receive } from './http/receive.ts';
import { eraseRoutes } from './http/routes/erase.ts';
import { eventRoutes } from './http/routes/job-events.ts';
import { jobRoutes } from './http/routes/jobs.ts';
import { metricsRoutes } from './http/routes/metrics.ts';
import { notificationRoutes } from './http/routes/notifications.ts';
import { outputRoutes } from './http/routes/output.ts';
import { pageRoutes } from './http/routes/page.ts';
import { responseRoutes } from './http/routes/responses.ts';
import { retryRoutes } from './http/routes/retry.ts';
import { submitRoutes } from './http/routes/submit.ts';
import { systemRoutes } from './http/routes/system.ts';
import { webhookEndpointRoutes } from './http/routes/webhook-endpoints.ts';
import { userRoutes } from './http/routes/user.ts';

/** Makes the app over what it stands on; serve its `fetch`. */
export function createApp(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError(answerErrors(deps.log));
  app.notFound(createNotFound(app));

  app.use(receive(deps, () => [...new Set(app.routes.filter(isForPages).map(({ method }) => method))]));

  app.route('/', submitRoutes(deps));
  app.route('/', aiSdkChatRoutes(deps));
  app.route('/', aiSdkTextRoutes(deps));
  app.route('/', userRoutes(deps));
  app.route('/', jobRoutes(deps));
  app.route('/', eventRoutes(deps));
  app.route('/', outputRoutes(deps));
  app.route('/', notificationRoutes(deps));
  app.route('/', cancelRoutes(deps));
  app.route('/', retryRoutes(deps));
  app.route('/', responseRoutes(deps));
  app.route('/', webhookEndpointRoutes(deps));
  app.route('/', eraseRoutes(deps));
  app.route('/', archiveRoutes(deps));
  app.route('/', adminActionRoutes(deps));
  app.route('/', adminErrorRoutes(deps));
  app.route('/', adminJobRoutes(deps));
  app.route('/', adminJobRoute(deps));
  app.route('/', adminDeadLetterRoutes(deps));
  app.route('/', adminWorkerRoutes(deps));
  app.route('/', adminPauseRoutes(deps));
  app.route('/', adminBulkRoutes(deps));
  app.route('/', adminUserRoutes(deps));
  app.route('/', adminQuietRoutes(deps));
  app.route('/', pageRoutes(deps));
  app.route('/', systemRoutes(deps));
  app.route('/', metricsRoutes(deps));
  app.route('/', docsRoutes(deps));
  return app;
}

/**
 * Whether a page of another site may call a route. Others than these are middleware, or the
 * operators'.
 */
function isForPages({ method, path }: { method: string; path: string }): boolean {
  return method !== 'ALL' && !isOfOperators(path);
}

/**
 * Where no route fits: 405 with the methods that the address
 * takes, or 404. Other requests need not look for the methods.
 */
function createNotFound(app: Hono<AppEnv>): NotFoundHandler<AppEnv> {
  const findMethods = methodNotAllowed<AppEnv>({
    app,
    onMethodNotAllowed(c, methods) {
      const allow = methods.join(', ');
      return problemResponse(c, new ProblemError('method_not_allowed', `${c.req.path} takes ${allow}.`, { headers: { Allow: allow } }));
    },
  });
  return async (c) => {
    await findMethods(c, async () => {
      c.res = await answerNotFound(c);
    });
    return c.res;
  };
}
