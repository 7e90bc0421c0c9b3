/** The whole HTTP surface on one page, on Request and Response alone. */
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { createMiddleware } from 'hono/factory';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { ProblemError } from './job/problem.ts';
import { identify } from './http/auth.ts';
import { cancelRoutes } from './http/routes/cancel.ts';
import type { AppDeps, AppEnv } from './http/env.ts';
import { checkHost } from './http/hosts.ts';
import { eventRoutes } from './http/routes/job-events.ts';
import { jobRoutes } from './http/routes/jobs.ts';
import { limitReads } from './http/rate-limits.ts';
import { retryRoutes } from './http/routes/retry.ts';
import { answerErrors, answerNotFound, problemResponse } from './http/problems.ts';
import { submitRoutes } from './http/routes/submit.ts';
import { systemRoutes } from './http/routes/system.ts';
import { userRoutes } from './http/routes/user.ts';

/** Makes the app over what it stands on; serve its `fetch`. */
export function createApp(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.onError(answerErrors(deps.log));
  app.notFound(answerNotFound);

  app.use(requestId());
  app.use(logRequests(deps.log));
  app.use(checkHost(deps.hosts));
  app.use(
    cors({
      origin: deps.corsOrigins.includes('*') ? '*' : deps.corsOrigins,
      allowMethods: ['GET', 'POST'],
      allowHeaders: [
        'Content-Type',
        'Authorization',
        'user-id',
        'Idempotency-Key',
        'Prefer',
        'Cancel-After',
        'Last-Event-ID',
        'If-None-Match',
        'X-Request-Id',
      ],
      exposeHeaders: [
        'Location',
        'Retry-After',
        'ETag',
        'RateLimit',
        'RateLimit-Policy',
        'Preference-Applied',
        'Idempotent-Replayed',
        'Job-Reused',
        'x-request-id',
      ],
      maxAge: 86_400,
    }),
  );
  app.use(methodNotAllowed({ app, onMethodNotAllowed: answerMethod }));
  app.use(noStaleJson);
  app.use(identify);
  app.use('/api/*', limitReads(deps));

  app.route('/', submitRoutes(deps));
  app.route('/', userRoutes(deps));
  app.route('/', jobRoutes(deps));
  app.route('/', eventRoutes(deps));
  app.route('/', cancelRoutes(deps));
  app.route('/', retryRoutes(deps));
  app.route('/', systemRoutes(deps));
  return app;
}

/** Answers may be kept by the caller alone, and only if asked about again. */
const noStaleJson = createMiddleware<AppEnv>(async (c, next) => {
  await next();
  if (!c.res.headers.has('Cache-Control')) c.res.headers.set('Cache-Control', 'private, no-cache');
});

/** One line for each request, by path: a query may carry a token. */
const logRequests = (log: AppDeps['log']) =>
  createMiddleware<AppEnv>(async (c, next) => {
    const start = performance.now();
    await next();
    const { requestId: id } = c.var;
    log.info(
      { requestId: id, method: c.req.method, path: c.req.path, status: c.res.status, ms: Math.round(performance.now() - start) },
      'request',
    );
  });

const answerMethod: NonNullable<Parameters<typeof methodNotAllowed<AppEnv>>[0]['onMethodNotAllowed']> = (c, methods) => {
  const allow = methods.join(', ');
  return problemResponse(c, new ProblemError('method_not_allowed', `${c.req.path} takes ${allow}.`, { headers: { Allow: allow } }));
};
