/** Processes whose clocks are wrong: all moments that processes share are Redis'. */
import { expect, test } from 'vitest';
import { clockAhead, timeOf } from '../support/clocks.ts';
import { waiting } from '../support/queue.ts';
import { startReceiver } from '../support/receiver.ts';
import { startStack } from '../support/stack.ts';

const MINUTE = 60_000;

const ana = { 'user-id': 'ana' };

test('a job is cancelled at its time, whatever the clocks of who took it and of who cancels it say', async () => {
  const redis = waiting();
  const stack = await startStack();
  const [ahead, behind] = await Promise.all([MINUTE, -MINUTE].map((ms) => stack.startApi(clockAhead(ms))));
  const submit = async (url = '', after = '') => {
    const before = await timeOf(redis);
    const headers = { 'content-type': 'application/json', 'cancel-after': after, ...ana };
    const response = await fetch(`${url}/api/ai/generate-flashcards`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ content: 'water' }),
    });
    const job = (await response.json()) as Record<string, any>;
    const { createdAt, cancelAt } = await stack.get(job['statusUrl'], ana);
    expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(createdAt)).toBeLessThanOrEqual(await timeOf(redis));
    return {
      statusUrl: String(job['statusUrl']),
      cancelAfterMs: Date.parse(cancelAt) - Date.parse(createdAt),
      cancelAt: Date.parse(cancelAt),
    };
  };
  const statusOf = async (job: { statusUrl: string }) => (await stack.get(job.statusUrl.replace('job-status', 'jobs'), ana))['status'];

  const long = await Promise.all([stack.url, ahead?.url, behind?.url].map((url) => submit(url, '50s')));
  expect(long.map(({ cancelAfterMs }) => cancelAfterMs)).toEqual([50_000, 50_000, 50_000]);
  for (const url of [stack.url, ahead?.url, behind?.url]) {
    const short = await submit(url, '1s');
    expect(short.cancelAfterMs).toBe(1000);
    await expect.poll(() => statusOf(short)).toBe('cancelled'); // all processes have swept meanwhile
    expect(await timeOf(redis)).toBeGreaterThanOrEqual(short.cancelAt);
  }
  expect(await Promise.all(long.map(statusOf))).toEqual(['waiting', 'waiting', 'waiting']);
});

test('a process whose clock is off says so in its log, where it is asked whether it works, and in the statistics', async () => {
  const stack = await startStack();
  const [ahead, worker] = await Promise.all([
    stack.startApi(clockAhead(MINUTE)),
    stack.startWorker(clockAhead(-MINUTE)),
    stack.startWorker(),
  ]);
  const ask = async (url: string) => (await (await fetch(url)).json()) as Record<string, any>;
  const about = (ms: number) => expect.closeTo(ms, -4) as number; // half of ten seconds, as on a busy machine

  await expect
    .poll(() => ask(`${ahead.url}/ready`))
    .toEqual({
      status: 'ready',
      warnings: [expect.stringContaining('60.0 s ahead of that of Redis')],
      clockAheadMs: about(MINUTE),
    });
  await expect
    .poll(() => ask(`${worker.url}/health`))
    .toMatchObject({
      status: 'ok',
      warnings: [expect.stringContaining('60.0 s behind that of Redis')],
      clockAheadMs: about(-MINUTE),
    });
  for (const process of [ahead, worker]) expect(process.log().filter((line) => 'aheadMs' in line)).toMatchObject([{ level: 40 }]);
  expect(await ask(`${ahead.url}/api/queue/stats`)).toMatchObject({
    workers: 2,
    clocksOff: [
      { process: 'api', aheadMs: about(MINUTE) },
      { process: 'worker', aheadMs: about(-MINUTE) },
    ],
  });
  await expect.poll(() => ask(`${stack.url}/ready`)).toEqual({ status: 'ready' });
  expect((await ask(`${stack.url}/api/queue/stats`))['clocksOff']).toEqual([{ process: 'worker', aheadMs: about(-MINUTE) }]);
});

test.each([MINUTE, -MINUTE])(
  'a webhook is tried again after its pause by an API whose clock is %i ms ahead, and says when by Redis',
  async (aheadMs) => {
    const redis = waiting();
    let calls = 0;
    const receiver = await startReceiver((_request, response) => response.writeHead(++calls === 1 ? 500 : 204).end());
    const stack = await startStack(clockAhead(aheadMs));
    await stack.startWorker();
    const began = await timeOf(redis);
    const job = await stack.submit({ content: 'water', callbackUrl: receiver.url }, ana);
    await receiver.called(2);
    const deliveries = async () => (await stack.get(`/api/jobs/${job['jobId']}/deliveries`, ana))['deliveries'] as Record<string, any>[];
    await expect.poll(deliveries).toMatchObject([{ status: 'delivered', attempts: [{ status: 500 }, { status: 204 }] }]);
    const { createdAt = '', attempts = [] } = (await deliveries())[0] ?? {};
    const told = [createdAt, ...(attempts as { at: string }[]).map(({ at }) => at)].map((at) => Date.parse(String(at)));
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect((told[2] ?? 0) - (told[1] ?? 0)).toBeGreaterThan(4000); // of five seconds
    expect(told[0]).toBeGreaterThanOrEqual(began - 1000);
    expect(told[2]).toBeLessThanOrEqual((await timeOf(redis)) + 1000);
  },
);
