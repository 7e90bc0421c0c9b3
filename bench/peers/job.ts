/** What the peers have in common, so that they do the same work: their queue, and the job that a client gets. */
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { flashcards } from '../../src/kinds/flashcards.ts';

/** The kind that all peers serve. */
export const { name: KIND, path: PATH, input: inputSchema } = flashcards;

/** The name of the queue. */
export const QUEUE = 'peer';

/** How often a job is tried. */
const ATTEMPTS = 3;

/** Opens the queue, as BullMQ's documentation shows it. */
export function openQueue(url = process.env['REDIS_URL'] ?? ''): { redis: Redis; queue: Queue } {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const queue = new Queue(QUEUE, {
    connection: redis,
    defaultJobOptions: {
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: 1000 },
      removeOnComplete: { age: 86_400 },
      removeOnFail: { age: 86_400 },
    },
  });
  return { redis, queue };
}

/** The answer to a submission: the same fields that ours has. `token`: it goes into the address of the stream. */
export function presentJob(jobId: string, createdAt: number, token = '') {
  return {
    jobId,
    kind: KIND,
    status: 'queued',
    createdAt: new Date(createdAt).toISOString(),
    maxAttempts: ATTEMPTS,
    statusUrl: `/api/job-status/${jobId}${token}`,
    streamUrl: `/api/jobs/${jobId}/events${token}`,
    cancelUrl: `/api/jobs/${jobId}/cancel`,
  };
}

/** Tells the benchmark that the server takes requests, and at which port. */
export function tellReady(address: AddressInfo | string | null | undefined): void {
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : 0 });
}
