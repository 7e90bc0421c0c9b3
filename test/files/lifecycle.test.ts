/** How long files live: inputs until the job has completed, or an hour after it failed; outputs as long as the job. */
import { expect, test } from 'vitest';
import { createFileUpkeep } from '../../src/files/upkeep.ts';
import { createStack, startProcess } from '../support/stack.ts';
import { wav } from '../support/recordings.ts';
import { isEnd, watch } from '../support/sse.ts';
import { form, send as sendTo, startSlices } from '../support/uploads.ts';
import { storeOver } from '../support/queue.ts';

const ANA = { 'user-id': 'ana' };
const HOUR = 3600 * 1000;

/** API and worker with a submitted job; `at(ms)` looks after the files as if so much time had gone by. */
async function submitted(fields: Record<string, string> = {}, env: Record<string, string> = {}) {
  const stack = await startSlices({ JOB_RETENTION_S: '86400', ...env });
  const upkeep = createFileUpkeep(storeOver(stack.redis, stack.prefix), 86_400);
  const { body: job } = await stack.send(form(wav(3), fields), ANA);
  const id = job['jobId'] as string;
  return {
    ...stack,
    id,
    job,
    at: (ms: number) => upkeep(ms),
    names: async () => (await stack.files()).map((name) => name.slice(id.length + 1)),
    ended: async () => (await watch(stack.url + job['streamUrl'])).until(isEnd),
  };
}

test('the input goes when the job completes, the outputs when its time is over', async () => {
  const { startWorker, ended, names, used, at, redis, keys } = await submitted();
  await at(30 * 24 * HOUR); // it may wait as long as it has to
  expect(await names()).toEqual(['in:audio']);
  await startWorker();
  expect((await ended()).event).toBe('completed');
  await expect.poll(names).toEqual(['out:0', 'out:1', 'out:whole']);
  await at(23 * HOUR);
  expect(await names()).toEqual(['out:0', 'out:1', 'out:whole']);
  await at(24 * HOUR);
  expect([await names(), await used(), await redis.exists(keys.files.ledger, keys.files.due)]).toEqual([[], {}, 0]);
});

test('outputs that are on their way to the archive stay until they are there', async () => {
  const { startWorker, ended, names, at, redis, keys, id } = await submitted();
  await startWorker();
  await ended();
  await expect.poll(names).toEqual(['out:0', 'out:1', 'out:whole']);
  await redis.zadd(keys.archive.overdue, Date.now(), id);
  await at(25 * HOUR);
  expect(await names()).toEqual(['out:0', 'out:1', 'out:whole']);
  await redis.zrem(keys.archive.overdue, id);
  await at(26 * HOUR);
  expect(await names()).toEqual([]);
});

test('the input of a failed job is kept for an hour, so that a retry works; after that a retry is told that it is gone', async () => {
  const { startWorker, ended, names, at, id, url } = await submitted({ trouble: 'fails for good' });
  await startWorker();
  expect((await ended()).data['error']).toMatchObject({ code: 'provider_rejected' });
  await at(HOUR - 60_000);
  expect(await names()).toEqual(['in:audio', 'keep:attempts', 'out:0']);
  const retry = () => fetch(`${url}/api/jobs/${id}/retry`, { method: 'POST', headers: ANA });
  expect((await retry()).status).toBe(202);
  const stream = await watch(`${url}/api/jobs/${id}/events`);
  expect(await stream.until(isEnd)).toMatchObject({ event: 'failed', data: { error: { code: 'provider_rejected' } } });
  await at(HOUR + 1000);
  expect(await names()).toEqual(['out:0', 'out:1']); // each attempt made one
  const late = await retry();
  expect([late.status, await late.json()]).toMatchObject([410, { code: 'input_gone', jobId: id }]);
});

test('a failed attempt goes on with what it has made, and the result is whole', async () => {
  const { startWorker, ended, id, url } = await submitted({ trouble: 'fails', parts: '4' });
  await startWorker();
  const end = await ended();
  expect(end.event).toBe('completed');
  const whole = Buffer.from(await (await fetch(`${url}/api/jobs/${id}/output`)).arrayBuffer());
  expect(whole.equals(wav(3))).toBe(true);
});

test('the files of a cancelled job go, and those of a job that is not there any more', async () => {
  const { ended, names, at, id, url, redis, keys, used } = await submitted();
  await fetch(`${url}/api/jobs/${id}/cancel`, { method: 'POST', headers: ANA });
  expect((await ended()).event).toBe('cancelled');
  await at(60_000);
  expect([await names(), await used()]).toEqual([[], {}]);

  const gone = await submitted();
  await gone.redis.del(gone.keys.job(gone.id));
  await gone.at(1000);
  expect(await gone.names()).toEqual(['in:audio']); // it could be about to be added
  await gone.at(61_000);
  expect([await gone.names(), await gone.used()]).toEqual([[], {}]);
  expect(await redis.exists(keys.files.ledger)).toBe(0);
});

test('an input that is gone fails the job at once', async () => {
  const { startWorker, ended, id, redis, keys } = await submitted();
  await redis.del(keys.files.of(`${id}:in:audio`));
  await startWorker();
  expect((await ended()).data['error']).toMatchObject({ code: 'input_gone', retryable: false });
});

test('a worker is killed in the middle of a job: another one has the file and goes on after the parts that are made', async () => {
  const start = (role: string) => (env: Record<string, string>) =>
    startProcess('test/support/slices-process.ts', { ...env, ROLE: role, AI_PROVIDER: 'slicer' });
  const env = { WORKER_STALLED_INTERVAL_MS: '1000', WORKER_LOCK_DURATION_MS: '1000' };
  const stack = await createStack({ api: start('api'), worker: start('worker') }, env);
  const first = await stack.startWorker();
  const sound = wav(3);
  const { body: job } = await sendTo(stack.url, form(sound, { trouble: 'hangs', parts: '3' }), ANA);
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'item');
  await first.stop('SIGKILL');
  await stack.startWorker();
  const end = await stream.until(isEnd);
  expect(end).toMatchObject({ event: 'completed', data: { result: { made: 3 } } });
  const items = stream.events.filter(({ event }) => event === 'item').map(({ data }) => data['index']);
  expect(items).toEqual([0, 1, 2]);
  const whole = await fetch(stack.url + end.data['result']['whole']['outputUrl']);
  expect(Buffer.from(await whole.arrayBuffer()).equals(sound)).toBe(true);
});
