/** The worker's backend: a job completes and has its result in one step, or neither. */
import { UnrecoverableError, Worker } from 'bullmq';
import { expect, onTestFinished, test } from 'vitest';
import { newJobId } from '../../../src/job/id.ts';
import type { RecordFields } from '../../../src/job/record.ts';
import { QUEUE_NAME } from '../../../src/store/keys.ts';
import { FIELDS } from '../../../src/job/record.ts';
import { Slots } from '../../../worker/run/slots.ts';
import { createBackendFactory } from '../../../worker/run/worker-backend.ts';
import { openQueue, submitTo, waiting, storeOver } from '../../support/queue.ts';

/** A job under the lock `token`, taken by a worker of this backend, whose completion writes these fields. */
async function taken(fields: RecordFields | undefined, keptLongerS = 0) {
  const { queue, redis, keys, keyPrefix } = await openQueue();
  const connection = waiting();
  const factory = createBackendFactory(storeOver(connection, keyPrefix), {
    name: 'test',
    lane: undefined,
    lanes: [],
    slots: new Slots(100),
    locks: { release: () => {}, retake: async () => false, retakeNow: async () => false, lockMs: 30_000 },
    lockDurationMs: 60_000,
    keptLongerS: () => keptLongerS,
    fieldsOf: () => fields,
  });
  const worker = new Worker(QUEUE_NAME, null, { connection, prefix: keyPrefix, lockDuration: 60_000 }, factory);
  onTestFinished(() => worker.close(true));
  const { id } = await submitTo(queue);
  const job = await worker.getNextJob('token');
  if (!job) throw new Error('no job');
  return { id, job, queue, redis, keys, worker };
}

const RESULT = { [FIELDS.result]: '{"flashcards":[]}', [FIELDS.provider]: 'offline' };

test('a completion writes the result', async () => {
  const { id, job, queue } = await taken(RESULT);
  await job.moveToCompleted(undefined, 'token', false);
  expect((await queue.read(id))?.snapshot).toMatchObject({
    provider: 'offline',
    end: { outcome: { type: 'completed', result: { flashcards: [] } } },
  });
});

test('a completion that is refused writes nothing', async () => {
  const { id, job, queue, redis, keys } = await taken(RESULT);
  await queue.cancel(id);
  await expect(job.moveToCompleted(undefined, 'token', false)).rejects.toThrow('Missing lock');
  expect(await redis.hexists(keys.job(id), FIELDS.result)).toBe(0);
  expect((await queue.read(id))?.snapshot.end?.outcome.type).toBe('cancelled');
});

test.each([
  ['no fields', {}],
  ['nothing', undefined],
])('a job whose completion has %s to write completes', async (_, fields) => {
  const { id, job, queue, worker } = await taken(fields);
  const next = await submitTo(queue);
  const fetched = (await job.moveToCompleted(undefined, 'token', true)) as [unknown, string];
  expect(fetched[1]).toBe(next.id);
  expect((await queue.read(id))?.snapshot.status).toBe('completed');
  expect(await worker.getNextJob('other', { block: false })).toBeUndefined();
});

test.each([
  [0, undefined],
  [3600, 'completed'],
])('records are kept so many seconds longer than usual: %i', async (longerS, status) => {
  const { id, job, queue, redis, keys, worker } = await taken(RESULT, longerS);
  await job.moveToCompleted(undefined, 'token', false);
  await redis.zadd(keys.of('completed'), Date.now() - 100_000, id); // the queue keeps them for 60 s
  await submitTo(queue);
  const next = await worker.getNextJob('token');
  await next?.moveToCompleted(undefined, 'token', false);
  expect((await queue.read(id))?.snapshot.status).toBe(status);
});

test.each(['completed', 'failed'] as const)('of what is over, a job that ends as %s takes a bounded number along', async (set) => {
  const { job, redis, keys } = await taken(RESULT);
  await redis.zadd(keys.of(set), ...Array.from({ length: 250 }, () => [1000, newJobId('generate-flashcards')]).flat());
  if (set === 'completed') await job.moveToCompleted(undefined, 'token', false);
  else await job.moveToFailed(new UnrecoverableError('internal_error: no'), 'token', false);
  expect(await redis.zcard(keys.of(set))).toBe(151);
});
