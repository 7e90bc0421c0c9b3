/** Stalls: a submission that failed because Redis did not answer is not bought behind its client's back. */
import { Redis } from 'ioredis';
import { expect, inject, test } from 'vitest';
import { newJobId } from '../../src/job/id.ts';
import { ProblemError } from '../../src/job/problem.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import type { JobQueue } from '../../src/jobs/queue.ts';
import { keysUnder } from '../../src/store/keys.ts';
import { startHoldingProxy } from '../support/holding-proxy.ts';
import { openRedis } from '../support/keys.ts';
import { openManualWorker, openQueue } from '../support/queue.ts';
import { newPrefix } from '../support/stack.ts';

const ANA = tenantOf('ana', undefined);
const ask = { kind: 'generate-flashcards', owner: 'ana', tenant: ANA, requestId: 'r', input: {} };

/** What only the command that adds a job has in it; and what the admission has. */
const ADD = '"requestId"';
const ADMISSION = ':spent:';

/** Submissions whose job is added in the step that admits it, and those that have files to store in between. */
const submissions: [string, Parameters<JobQueue['add']>[0]][] = [
  ['without files', ask],
  ['with files', { ...ask, keepFiles: async () => {}, dropFiles: async () => {} }],
];

/** A queue behind a proxy, and a connection to Redis past it. */
async function open() {
  const proxy = await startHoldingProxy(Number(new URL(inject('redisUrl')).port));
  const opened = await openQueue(newPrefix(), {}, undefined, `redis://127.0.0.1:${proxy.port}`);
  return { ...opened, proxy, behind: openRedis() };
}

/** The problem that a submission ends with. */
const problemOf = async (submission: Promise<unknown>): Promise<ProblemError> => {
  const error: unknown = await submission.then(
    () => expect.unreachable('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProblemError)) throw error;
  return error;
};

const stateOf = async (redis: Redis, keyPrefix: string, jobId: string) => {
  const keys = keysUnder(keyPrefix);
  const reason = await redis.hget(keys.job(jobId), 'failedReason');
  const waits = await redis.zscore(keys.of('prioritized'), jobId);
  return { reason, waits };
};

test.each(submissions)(
  '%s: an add that is carried out after its client was told 503 ends as cancelled in the same breath, and the 503 names the job',
  async (_, submission) => {
    const { proxy, keyPrefix, queue, behind } = await open();
    const worker = await openManualWorker(keyPrefix);
    const held = proxy.holdFrom(ADD);
    const problem = await problemOf(queue.add(submission));
    await held;
    const { jobId = '' } = problem.extras;
    expect([problem.code, jobId]).toEqual(['queue_unavailable', expect.stringMatching(/^generate-flashcards-/)]);
    proxy.letGo();
    await expect.poll(() => stateOf(behind, keyPrefix, jobId)).toEqual({ reason: 'cancelled', waits: null });
    expect(await worker.getNextJob('token', { block: false })).toBeUndefined();
    expect((await queue.read(jobId))?.snapshot.status).toBe('cancelled');
  },
);

test.each(submissions)('%s: with an idempotency key nothing is undone: the same request again finds the job', async (_, submission) => {
  const { proxy, keyPrefix, queue, keys, behind } = await open();
  const held = proxy.holdFrom(ADD);
  const problem = await problemOf(queue.add({ ...submission, key: ['k'] }));
  await held;
  expect([problem.code, problem.extras.jobId]).toEqual(['queue_unavailable', undefined]);
  proxy.letGo();
  await expect.poll(() => behind.zcard(keys.of('prioritized'))).toBe(1);
  const again = await queue.add({ ...submission, key: ['k'] });
  expect(again).toMatchObject({ type: 'known', sameInput: true });
  expect((await stateOf(behind, keyPrefix, 'id' in again ? again.id : '')).waits).not.toBeNull();
});

test.each(submissions)(
  '%s: where the connection is lost with the add on its way, the cancel is the first command after the reconnect',
  async (_, submission) => {
    const { proxy, keyPrefix, queue, behind } = await open();
    const held = proxy.holdFrom(ADD);
    const failing = problemOf(queue.add(submission));
    await held;
    proxy.cut();
    const { jobId = '' } = (await failing).extras;
    await expect.poll(() => behind.hgetall(keysUnder(keyPrefix).job(jobId))).not.toEqual({}); // it was asked, and there was no such job
    proxy.letGo(); // only now the add arrives
    await expect.poll(() => behind.zcard(keysUnder(keyPrefix).of('prioritized'))).toBe(0);
    const worker = await openManualWorker(keyPrefix);
    expect(await worker.getNextJob('token', { block: false })).toBeUndefined();
    expect(await queue.read(jobId)).toBeUndefined();
    expect(await behind.pttl(keysUnder(keyPrefix).job(jobId))).toBeGreaterThan(0);
  },
);

test('an admission of a job with files that is carried out after its client was told 503 buys nothing', async () => {
  const { proxy, queue, keys, behind } = await open();
  const [, submission] = submissions[1] ?? expect.unreachable();
  await queue.add(submission); // the script is known by its hash from now on
  const held = proxy.holdFrom(ADMISSION);
  const problem = await problemOf(queue.add(submission));
  await held;
  expect(problem.code).toBe('queue_unavailable');
  proxy.letGo();
  await expect.poll(() => behind.zcard(keys.open(ANA))).toBe(2); // its place; it is given up in a minute
  expect(await behind.zcard(keys.of('prioritized'))).toBe(1);
});

test('a job that is abandoned is cancelled wherever it is; one that is not there can not be added for a while', async () => {
  const { queue, keyPrefix, behind } = await open();
  const added = await queue.add(ask);
  const id = added.type === 'added' ? added.id : '';
  const nobody = newJobId('generate-flashcards');
  queue.abandon(id);
  queue.abandon(nobody);
  await expect.poll(() => stateOf(behind, keyPrefix, id)).toEqual({ reason: 'cancelled', waits: null });
  await expect.poll(() => behind.pttl(keysUnder(keyPrefix).job(nobody))).toBeGreaterThan(0);
  expect(await queue.read(nobody)).toBeUndefined();
  expect((await queue.there([nobody])).size).toBe(0);
});
