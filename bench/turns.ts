/** What turns cost: submitting and working through jobs whose users take turns, against plain first in, first out. */
import { writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type Job, Queue, Worker } from 'bullmq';
import { tenantOf } from '../src/job/tenant.ts';
import { connect, readyWithin } from '../src/queue/redis-connection.ts';
import { keysUnder, QUEUE_NAME } from '../src/queue/keys.ts';
import { createFairQueue } from '../src/queue/fair-queue.ts';
import { openQueue, PREFIX, startRedis } from './redis.ts';

const ROUNDS = 5;
const SUBMISSIONS = 4000;
/** How many submissions are on their way at once. */
const AT_ONCE = 50;
/** Jobs worked through in a round, for so many ms each, three at a time. */
const JOBS = 600;
const JOB_MS = 10;
const USERS = 20;

/** Submits the n-th job. */
type Submit = (n: number) => Promise<unknown>;

const store = await startRedis();
const redis = connect(store.url, 'wait', () => {});
await readyWithin(redis, 5000);
const queue = openQueue(redis);
const plain = new Queue(QUEUE_NAME, { connection: redis, prefix: PREFIX });

const contenders: Record<'fifo' | 'turns', Submit> = {
  fifo: (n) =>
    plain.add('generate-flashcards', { requestId: 'bench', input: { n } }, { jobId: `generate-flashcards-${crypto.randomUUID()}` }),
  turns: (n) => {
    const owner = `user ${n % USERS}`;
    const payload = { owner, tenant: tenantOf(owner, undefined), requestId: 'bench', input: { n } };
    return queue.add({ kind: 'generate-flashcards', ...payload });
  },
};

/** What our worker does of turns for a job. */
const turns = createFairQueue(redis, keysUnder(PREFIX));
const tell = (job: Job) => void turns.served(job.priority);

async function submitAll(submit: Submit, count: number): Promise<number> {
  const start = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < count) await submit(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return performance.now() - start;
}

/** The ms that jobs already submitted take. */
async function workThrough(count: number, begin: (job: Job) => void): Promise<number> {
  let ended = 0;
  const work = async (job: Job) => {
    begin(job);
    await pause(JOB_MS);
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = new Worker(QUEUE_NAME, work, { connection: redis, prefix: PREFIX, concurrency: 3, autorun: false });
  worker.on('completed', () => ++ended === count && resolve());
  await worker.waitUntilReady();
  const start = performance.now();
  void worker.run();
  await promise;
  const took = performance.now() - start;
  await worker.close();
  return took;
}

const times = { fifo: { submit: [] as number[], work: [] as number[] }, turns: { submit: [] as number[], work: [] as number[] } };
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, submit] of Object.entries(contenders) as ['fifo' | 'turns', Submit][]) {
    await redis.flushall();
    const submitted = await submitAll(submit, SUBMISSIONS);
    await redis.flushall();
    await submitAll(submit, JOBS);
    const worked = await workThrough(JOBS, name === 'turns' ? tell : () => {});
    if (round < 0) continue; // warm now
    times[name].submit.push(submitted);
    times[name].work.push(worked);
  }
}
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const rate = (count: number, values: number[]) => (1000 * count) / median(values);
const row = (what: string, count: number, kind: 'submit' | 'work') => {
  const [fifo, turns] = [rate(count, times.fifo[kind]), rate(count, times.turns[kind])];
  return `| ${what} | ${Math.round(fifo)} | ${Math.round(turns)} | ${(turns / fifo).toFixed(3)} |`;
};

const text = `# What turns cost

\`npm run bench -- turns\`: ${ROUNDS} rounds, contenders interleaved, medians, one process with Node ${process.versions.node} beside a
native Redis; ${USERS} users. Plain is BullMQ's \`add\` alone; ours decides on room, turn and deadline before it, in a trip of its own.

| jobs/s | plain, first in first out | turns | ratio |
|---|---|---|---|
${row(`submitted, ${AT_ONCE} at once`, SUBMISSIONS, 'submit')}
${row(`worked through, ${JOB_MS} ms each, 3 at a time`, JOBS, 'work')}

So a submission costs ${((1000 * (median(times.turns.submit) - median(times.fifo.submit))) / SUBMISSIONS).toFixed(0)} µs more of the machine; what is left of the pace at which jobs are worked through is the second ratio.
`;
writeFileSync(new URL('results/turns.md', import.meta.url), text);
process.stdout.write(text);
await plain.close();
await queue.close();
redis.disconnect();
store.stop();
