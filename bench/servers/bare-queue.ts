/** The floor of a job's way: BullMQ alone, queue, worker and QueueEvents in one process, no work. */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { connect } from '../../src/store/redis-connection.ts';

const { REDIS_URL = '' } = process.env;
const options = { prefix: '{bare}' };
const queue = new Queue('bare', { connection: connect(REDIS_URL, 'wait', () => {}), ...options });
const worker = new Worker('bare', async () => ({}), { connection: connect(REDIS_URL, 'wait', () => {}), concurrency: 10, ...options });
const events = new QueueEvents('bare', { connection: connect(REDIS_URL, 'wait', () => {}), ...options });
await Promise.all([queue.waitUntilReady(), worker.waitUntilReady(), events.waitUntilReady()]);
const started = new Map<string, number>();

process.on('message', ({ jobs = 0, perSecond = 100 }: { jobs?: number; perSecond?: number }) => {
  if (jobs === 0) return;
  const times: number[] = [];
  const onCompleted = ({ jobId }: { jobId: string }) => {
    times.push(performance.now() - (started.get(jobId) ?? 0));
    if (times.length < jobs) return;
    events.off('completed', onCompleted);
    process.send?.({ times });
  };
  events.on('completed', onCompleted);
  let count = 0;
  const timer = setInterval(() => {
    const jobId = `j${crypto.randomUUID()}`;
    started.set(jobId, performance.now());
    void queue.add('none', {}, { jobId, removeOnComplete: true });
    if (++count === jobs) clearInterval(timer);
  }, 1000 / perSecond);
});
process.send?.({ ready: true });
