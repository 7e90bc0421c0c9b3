/** A naive service: Hono with its zod validator, and BullMQ's `add` and `getJob`. No limits, no identity, no idempotency. */
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
app.get('/api/job-status/:id', async (c) => {
  const job = await queue.getJob(c.req.param('id'));
  if (!job) return c.json({ error: 'there is no such job' }, 404);
  const date = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());
  return c.json({
    jobId: job.id,
    kind: job.name,
    status: await job.getState(),
    progress: job.progress,
    attempt: job.attemptsMade,
    maxAttempts: job.opts.attempts,
    createdAt: date(job.timestamp),
    startedAt: date(job.processedOn),
    finishedAt: date(job.finishedOn),
    result: job.returnvalue ?? undefined,
    error: job.failedReason,
  });
});
await queue.waitUntilReady();
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, tellReady);
