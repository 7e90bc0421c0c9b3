/** The floor of a job: BullMQ's worker, which returns one card. No journal, no fences, no turns. */
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { CARD, workMs } from '../servers/card.ts';
import { QUEUE } from './job.ts';

const work = async () => {
  if (workMs > 0) await pause(workMs);
  return { flashcards: [CARD] };
};
const connection = new Redis(process.env['REDIS_URL'] ?? '', { maxRetriesPerRequest: null });
const worker = new Worker(QUEUE, work, { connection, concurrency: Number(process.env['WORKER_CONCURRENCY']) });
await worker.waitUntilReady();
process.send?.({ ready: true });
