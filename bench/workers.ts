/** The workers that the bench `run` compares, each with its queue: BullMQ alone, and ours. */
import { Queue } from 'bullmq';
import { flashcards } from '../src/kinds/flashcards.ts';
import { tenantOf } from '../src/job/tenant.ts';
import { QUEUE_NAME } from '../src/queue/keys.ts';
import type { WorkerUnderTest } from './job-costs.ts';
import { openQueue as openPeerQueue } from './peers/job.ts';
import { flagsOf, startPart } from './processes.ts';
import { openQueue, type Place, PREFIX } from './redis.ts';
import { CARD } from './servers/card.ts';

/** What a worker is started with. `workMs`: how long the work on a job takes; `handler`: `flashcards` for the real one, with a vendor behind a breaker. */
export type WorkerSettings = { concurrency: number; workMs?: number; handler?: 'flashcards' };

const USERS = 20;
const INPUT = { content: 'The mitochondrion is the power plant of the cell. '.repeat(10), count: 1 };

/** BullMQ alone. Its jobs come by its own `add`. */
export async function startBareWorker({ url }: Place, { concurrency, workMs = 0 }: WorkerSettings): Promise<WorkerUnderTest> {
  const { queue, redis } = openPeerQueue(url);
  const env = { REDIS_URL: url, WORKER_CONCURRENCY: String(concurrency), WORK_MS: String(workMs) };
  const part = await startPart('peers/bare-worker.ts', env);
  return {
    part,
    ...control(queue),
    add: (n) => queue.add(flashcards.name, { owner: `user ${n % USERS}`, input: INPUT }),
    async check(jobs) {
      const [job] = await queue.getCompleted(0, 0);
      expectAll(jobs, await queue.getCompletedCount(), job?.returnvalue);
    },
    async stop() {
      await part.stop();
      await queue.close();
      redis.disconnect();
    },
  };
}

/** Ours, as `npm run start:worker` starts it, with every feature on and its rate out of reach. Its jobs come by our own submission. */
export async function startOurWorker(
  { url, redis }: Place,
  { concurrency, workMs = 0, handler }: WorkerSettings,
): Promise<WorkerUnderTest> {
  const submissions = openQueue(redis);
  const queue = new Queue(QUEUE_NAME, { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
  const env = {
    REDIS_URL: url,
    REDIS_KEY_PREFIX: PREFIX,
    LOG_LEVEL: 'silent',
    WORKER_HEALTH_PORT: '0',
    WORKER_RATE_MAX: '1000000000',
    WORKER_CONCURRENCY: String(concurrency),
    WORK_MS: String(workMs),
    HANDLER: handler ?? '',
  };
  const part = await startPart('servers/worker.ts', env, flagsOf('start:worker'));
  return {
    part,
    ...control(queue),
    add(n) {
      const owner = `user ${n % USERS}`;
      return submissions.add({ kind: flashcards.name, owner, tenant: tenantOf(owner, undefined), requestId: 'bench', input: INPUT });
    },
    async check(jobs) {
      const [job] = await queue.getCompleted(0, 0);
      const seen = await submissions.read(job?.id ?? '', 0);
      const cards = seen?.rows.filter(({ type }) => type === 'item').length;
      if (cards !== 1) throw new Error(`a job has ${cards} cards in its journal, and not 1`);
      const outcome = seen?.snapshot.end?.outcome;
      expectAll(jobs, await queue.getCompletedCount(), outcome?.type === 'completed' ? outcome.result : undefined);
    },
    async stop() {
      await part.stop();
      await queue.close();
      await submissions.close();
    },
  };
}

const control = (queue: Queue) => ({
  hold: () => queue.pause(),
  release: () => queue.resume(),
  completed: () => queue.getCompletedCount(),
});

function expectAll(jobs: number, completed: number, result: unknown): void {
  if (completed !== jobs) throw new Error(`${completed} of ${jobs} jobs have completed`);
  const expected = JSON.stringify({ flashcards: [CARD] });
  if (JSON.stringify(result) !== expected) throw new Error(`a job's result is ${JSON.stringify(result)}, and not ${expected}`);
}
