/** The same features the usual way, with Express: its rate limit in Redis, CORS, request ids, zod. */
import { randomUUID } from 'node:crypto';
import cors from 'cors';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import { RedisStore, type RedisReply } from 'rate-limit-redis';
import { createSubmit, keyIn, userIn } from './features.ts';
import { inputSchema, openQueue, PATH, tellReady } from './job.ts';

const { redis, queue } = openQueue();
const submit = createSubmit(redis, queue);

const tagRequest: RequestHandler = (request, response, next) => {
  response.locals['requestId'] = request.get('x-request-id') ?? randomUUID();
  response.set('x-request-id', response.locals['requestId']);
  next();
};

const requireUser: RequestHandler = (request, response, next) => {
  const user = userIn(request.headers['user-id']);
  if (user === undefined) return void response.status(401).json({ code: 'unauthorized', status: 401 });
  response.locals['user'] = user;
  next();
};

const limit = rateLimit({
  windowMs: 60_000,
  limit: 1_000_000_000,
  standardHeaders: 'draft-8',
  legacyHeaders: false,
  keyGenerator: (_, response) => String(response.locals['user']),
  store: new RedisStore({ sendCommand: (command, ...args) => redis.call(command, ...args) as Promise<RedisReply> }),
});

const answerErrors: ErrorRequestHandler = (error: { status?: number }, _request, response, _next) => {
  const status = error.status ?? 500;
  response.status(status).json({ code: status < 500 ? 'bad_request' : 'internal_error', status });
};

const app = express();
app.disable('x-powered-by').disable('etag').set('trust proxy', 1);
app.use(tagRequest, cors({ exposedHeaders: ['Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'x-request-id'] }));
// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 passes a rejection on to the error handler
app.post(PATH, requireUser, limit, express.json({ limit: '1mb' }), async (request, response) => {
  const input = inputSchema.safeParse(request.body);
  if (!input.success) return void response.status(400).json({ code: 'invalid_input', status: 400, issues: input.error.issues });
  const { user, requestId } = response.locals as { user: string; requestId: string };
  const answer = await submit({ user, requestId, input: input.data, key: keyIn(request.headers['idempotency-key']) });
  response.status(answer.status).set(answer.headers).set('cache-control', 'private, no-cache').json(answer.body);
});
app.use(answerErrors);
await queue.waitUntilReady();
const server = app.listen(0, '127.0.0.1', () => tellReady(server.address()));
