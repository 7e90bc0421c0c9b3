/** Workers that are compared, each with its queue: BullMQ alone, BullMQ with the openai SDK, and ours. */
import { Queue } from 'bullmq';
import { flashcards } from '../src/kinds/flashcards.ts';
import { tenantOf } from '../src/job/tenant.ts';
import { QUEUE_NAME } from '../src/store/keys.ts';
import type { WorkerUnderTest } from './job-costs.ts';
import { openQueue as openPeerQueue } from './peers/job.ts';
import { type Part, startPart } from './processes.ts';
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
/** Notes as a student writes them, of some 500 characters. */
export const NOTES = `The mitochondrion is the power plant of the cell. It turns sugar and oxygen into energy that the cell can use.
Photosynthesis takes place in the chloroplasts of plants. Plants take in carbon dioxide and give off oxygen.
In 1839 Theodor Schwann wrote that all animals consist of cells.
Osmosis is the flow of water through a membrane that lets nothing else pass.
The human heart beats about 100,000 times a day. The nucleus holds the DNA of the cell, and the ribosomes build its proteins.
`;

const jobOf = (n: number, length: number) => ({
  owner: `user ${n % USERS}`,
  input: { content: NOTES.repeat(Math.ceil(length / NOTES.length)).slice(0, length), count: 1 },
});

/** A queue whose jobs come by BullMQ's own `add`. `length`: the characters of their content. */
export function openBareSource({ url }: Place, length = NOTES.length): Source {
  const { queue, redis } = openPeerQueue(url);
  const close = async () => {
    await queue.close();
    redis.disconnect();
  };
  return { queue, add: (n) => queue.add(flashcards.name, jobOf(n, length)), close };
}

/** Our queue, whose jobs come by our own submission. */
export function openOurSource({ redis }: Place, length = NOTES.length): Source & Pick<ReturnType<typeof openQueue>, 'read'> {
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
export const startBareWorker = (place: Place, { concurrency, workMs = 0 }: WorkerSettings): Promise<WorkerUnderTest> =>
  startPeer(place, 'peers/bare-worker.ts', { WORKER_CONCURRENCY: String(concurrency), WORK_MS: String(workMs) });

/** Starts BullMQ's worker with the openai SDK, which asks this model. */
export const startOpenAIWorker = (place: Place, { concurrency }: WorkerSettings, model: Part): Promise<WorkerUnderTest> =>
  startPeer(place, 'peers/openai-worker.ts', { WORKER_CONCURRENCY: String(concurrency), ...modelVariables(model) });

async function startPeer(place: Place, file: string, env: Record<string, string>): Promise<WorkerUnderTest> {
  const part = await startPart(file, { REDIS_URL: place.url, ...env });
  const source = openBareSource(place);
  return underTest(part, source, async () => (await source.queue.getCompleted(0, 0))[0]?.returnvalue);
}

/** The variables that make a worker ask this model. */
const modelVariables = ({ port }: Part) => ({ OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });

/** Starts our worker with work that needs no model, with every feature on and its rate out of reach. */
export const startOurWorker = (place: Place, { concurrency, workMs = 0, handler }: WorkerSettings): Promise<WorkerUnderTest> =>
  startOurs(place, 'servers/worker.ts', { WORKER_CONCURRENCY: String(concurrency), WORK_MS: String(workMs), HANDLER: handler ?? '' });

/** Starts our worker as `npm run start:worker` does; it asks this model. `env`, `flags`: more variables, and flags of Node. */
export const startOurModelWorker = (
  place: Place,
  { concurrency }: WorkerSettings,
  model: Part,
  env: Record<string, string> = {},
  flags: string[] = [],
): Promise<WorkerUnderTest> =>
  startOurs(place, '../worker/main.ts', { WORKER_CONCURRENCY: String(concurrency), ...modelVariables(model), ...env }, flags);

/** Starts our worker as `npm run start:worker` does without a key. */
export const startOurOfflineWorker = (place: Place, { concurrency }: WorkerSettings): Promise<WorkerUnderTest> =>
  startOurs(place, '../worker/main.ts', { WORKER_CONCURRENCY: String(concurrency), AI_PROVIDER: 'offline' });

async function startOurs(place: Place, file: string, env: Record<string, string>, flags: string[] = []): Promise<WorkerUnderTest> {
  const common = {
    REDIS_URL: place.url,
    REDIS_KEY_PREFIX: PREFIX,
    LOG_LEVEL: 'silent',
    WORKER_HEALTH_PORT: '0',
    WORKER_RATE_MAX: '1000000000',
  };
  const part = await startPart(file, { ...common, ...env }, [...HEAP_FLAGS.worker, ...flags]);
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
function underTest(part: Part, { queue, add, close }: Source, resultOfOne: () => Promise<unknown>): WorkerUnderTest {
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
