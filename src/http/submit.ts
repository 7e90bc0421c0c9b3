/** Submitting: validated input becomes a job; the answer says where to look and what to watch. */
import { zValidator } from '@hono/zod-validator';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createMiddleware } from 'hono/factory';
import { z } from 'zod';
import { type AnyKind, kinds } from '../jobs/index.ts';
import { type FieldError, ProblemError } from '../jobs/problem.ts';
import { USER_ID } from './auth.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { presentQueued } from './present.ts';

/** The largest JSON body, in bytes: 100,000 characters, each escaped as \uXXXX, and what goes around them. */
const BODY_BYTES = 1024 * 1024;

/** Beside the kind's own input: who it is for, as clients of the first days say it. */
const envelope = { userId: z.string().regex(USER_ID, 'must be 1 to 256 visible characters').optional() };

/** One POST route for each kind. */
export function submitRoutes(deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  for (const kind of kinds) submitRoute(app, kind, deps);
  return app;
}

function submitRoute(app: Hono<AppEnv>, kind: AnyKind, { queue, tokens, log, maxAttempts, bodyNamesUser }: AppDeps): void {
  app.post(kind.path, limitBody, requireJson, validate(kind), async (c) => {
    const { userId, ...input } = c.req.valid('json');
    const owner = c.var.user ?? (bodyNamesUser ? userId : undefined);
    const { requestId } = c.var;
    const { id, createdAt } = await queue.submit(kind.name, { owner, requestId, input });
    log.info({ jobId: id, requestId, kind: kind.name, owner }, 'job submitted');
    const job = await presentQueued({ id, kind: kind.name, createdAt, maxAttempts }, tokens);
    return c.json(job, 202, { Location: `/api/jobs/${id}`, 'Retry-After': '2' });
  });
}

const limitBody = bodyLimit({
  maxSize: BODY_BYTES,
  onError: () => {
    throw new ProblemError('payload_too_large', `The body may have ${BODY_BYTES} bytes at most.`);
  },
});

const requireJson = createMiddleware<AppEnv>(async (c, next) => {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new ProblemError('unsupported_media_type', 'Send the input as JSON, with the header Content-Type: application/json.');
  }
  await next();
});

const validate = (kind: AnyKind) =>
  zValidator('json', kind.input.extend(envelope), (result) => {
    if (result.success) return;
    const errors = result.error.issues.map(toFieldError);
    throw new ProblemError('invalid_input', errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; '), { errors });
  });

function toFieldError({ path, message }: { path: PropertyKey[]; message: string }): FieldError {
  const tokens = path.map((key) => encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1')));
  return { pointer: ['#', ...tokens].join('/'), detail: message };
}
