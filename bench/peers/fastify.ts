/** The same features the usual way, with Fastify: its rate limit in Redis, CORS, request ids, zod. */
import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import fastify from 'fastify';
import { createSubmit, keyIn, userIn } from './features.ts';
import { inputSchema, openQueue, PATH, tellReady } from './job.ts';

const { redis, queue } = openQueue();
const submit = createSubmit(redis, queue);

const app = fastify({
  logger: false,
  trustProxy: '127.0.0.1',
  bodyLimit: 1024 * 1024,
  requestIdHeader: 'x-request-id',
  genReqId: () => randomUUID(),
});
await app.register(cors, { exposedHeaders: ['Location', 'Retry-After', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-request-id'] });
app.addHook('onRequest', async (request, reply) => {
  reply.header('x-request-id', request.id);
  if (userIn(request.headers['user-id']) === undefined) return reply.code(401).send({ code: 'unauthorized', status: 401 });
});
await app.register(rateLimit, {
  max: 1_000_000_000,
  timeWindow: 60_000,
  redis,
  keyGenerator: ({ headers }) => userIn(headers['user-id']) ?? '',
});
app.post(PATH, async (request, reply) => {
  const input = inputSchema.safeParse(request.body);
  if (!input.success) return reply.code(400).send({ code: 'invalid_input', status: 400, issues: input.error.issues });
  const user = userIn(request.headers['user-id']) ?? '';
  const answer = await submit({ user, requestId: request.id, input: input.data, key: keyIn(request.headers['idempotency-key']) });
  return reply.code(answer.status).headers(answer.headers).header('cache-control', 'private, no-cache').send(answer.body);
});
await queue.waitUntilReady();
await app.listen({ port: 0, host: '127.0.0.1' });
tellReady(app.addresses()[0]);
