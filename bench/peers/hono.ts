/** A naive service: Hono with its zod validator, and BullMQ's `add`. No limits, no identity, no idempotency. */
import { serve } from '@hono/node-server';
import { zValidator } from '@hono/zod-validator';
import { Hono } from 'hono';
import { inputSchema, KIND, openQueue, PATH, presentJob, tellReady } from './job.ts';

const { queue } = openQueue();
const app = new Hono();
app.post(PATH, zValidator('json', inputSchema), async (c) => {
  const job = await queue.add(KIND, c.req.valid('json'));
  return c.json(presentJob(job.id ?? '', job.timestamp), 202);
});
await queue.waitUntilReady();
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, tellReady);
