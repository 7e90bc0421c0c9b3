/** Workers that are compared, each with its queue: BullMQ alone, and ours. */
import { Queue } from 'bullmq';
import { flashcards } from '../src/kinds/flashcards.ts';
import { tenantOf } from '../src/job/tenant.ts';
import { QUEUE_NAME } from '../src/store/keys.ts';
import type { WorkerUnderTest } from './job-costs.ts';
import { openQueue as openPeerQueue } from './peers/job.ts';
import { startPart } from './processes.ts';
import { openQueue, type Place, PREFIX } from './redis.ts';
import { CARD } from './servers/card.ts';
import { HEAP_FLAGS } from '../scripts/node-flags.ts';

/** A queue, and how jobs come into it. */
export type Source = {
  queue: Queue;
  /** Submits the n-th job, for one of several users. Its payload has an `owner`. */
  add(n: number): Promise<unknown>;
  close(): Promise<void>;
};

/** What a worker is started with. */
export type WorkerSettings = {
  concurrency: number;
  /** How long the work on a job takes, in ms; 0 by default. */
  workMs?: number;
  /** `flashcards` for the real handler, with a vendor behind a breaker. */
  handler?: 'flashcards';
};

const USERS = 20;
const NOTES = 'The mitochondrion is the power plant of the cell. ';
const CONTENT_LENGTH = 500;

const jobOf = (n: number, length: number) => ({
  owner: `user ${n % USERS}`,
  input: { content: NOTES.repeat(Math.ceil(length / NOTES.length)).slice(0, length), count: 1 },
});

/** A queue whose jobs come by BullMQ's own `add`. `length`: the characters of their content. */
export function openBareSource({ url }: Place, length = CONTENT_LENGTH): Source {
  const { queue, redis } = openPeerQueue(url);
  const close = async () => {
    await queue.close();
    redis.disconnect();
  };
  return { queue, add: (n) => queue.add(flashcards.name, jobOf(n, length)), close };
}

/** Our queue, whose jobs come by our own submission. */
export function openOurSource({ redis }: Place, length = CONTENT_LENGTH): Source & Pick<ReturnType<typeof openQueue>, 'read'> {
  const submissions = openQueue(redis);
  const queue = new Queue(QUEUE_NAME, { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
  return {
    queue,
    add(n) {
      const { owner, input } = jobOf(n, length);
      return submissions.add({ kind: flashcards.name, owner, tenant: tenantOf(owner, undefined), requestId: 'bench', input });
    },
    read: (jobId, after) => submissions.read(jobId, after),
    async close() {
      await queue.close();
      await submissions.close();
    },
  };
}

/** Starts BullMQ's worker alone. */
export async function startBareWorker(place: Place, { concurrency, workMs = 0 }: WorkerSettings): Promise<WorkerUnderTest> {
  const env = { REDIS_URL: place.url, WORKER_CONCURRENCY: String(concurrency), WORK_MS: String(workMs) };
  const part = await startPart('peers/bare-worker.ts', env);
  const source = openBareSource(place);
  return underTest(part, source, async () => (await source.queue.getCompleted(0, 0))[0]?.returnvalue);
}

/** Starts our worker, as `npm run start:worker` does, with every feature on and its rate out of reach. */
export async function startOurWorker(place: Place, { concurrency, workMs = 0, handler }: WorkerSettings): Promise<WorkerUnderTest> {
  const env = {
    REDIS_URL: place.url,
    REDIS_KEY_PREFIX: PREFIX,
    LOG_LEVEL: 'silent',
    WORKER_HEALTH_PORT: '0',
    WORKER_RATE_MAX: '1000000000',
    WORKER_CONCURRENCY: String(concurrency),
    WORK_MS: String(workMs),
    HANDLER: handler ?? '',
  };
  const part = await startPart('servers/worker.ts', env, HEAP_FLAGS);
  const source = openOurSource(place);
  return underTest(part, source, async () => {
    const [job] = await source.queue.getCompleted(0, 0);
    const seen = await source.read(job?.id ?? '', 0);
    const cards = seen?.rows.filter(({ type }) => type === 'item').length;
    if (cards !== 1) throw new Error(`a job has ${cards} cards in its journal, and not 1`);
    const outcome = seen?.snapshot.end?.outcome;
    return outcome?.type === 'completed' ? outcome.result : undefined;
  });
}

/** `resultOfOne`: the result of any job that has completed. */
function underTest(part: WorkerUnderTest['part'], { queue, add, close }: Source, resultOfOne: () => Promise<unknown>): WorkerUnderTest {
  const completed = () => queue.getCompletedCount();
  return {
    part,
    hold: () => queue.pause(),
    release: () => queue.resume(),
    add,
    completed,
    async check(jobs) {
      if ((await completed()) !== jobs) throw new Error(`${await completed()} of ${jobs} jobs have completed`);
      const [result, expected] = [JSON.stringify(await resultOfOne()), JSON.stringify({ flashcards: [CARD] })];
      if (result !== expected) throw new Error(`a job's result is ${result}, and not ${expected}`);
    },
    async stop() {
      await part.stop();
      await close();
    },
  };
}
