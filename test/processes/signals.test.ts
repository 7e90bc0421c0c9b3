/** Signals, to real processes: npm hands on what the process group has got already, so each may see one twice within milliseconds. */
import { expect, test } from 'vitest';
import { answerWith, card, latch, pieces, startOpenAI } from '../support/openai.ts';
import { isEnd } from '../support/sse.ts';
import { type Process, startStack } from '../support/stack.ts';

const said = (process: Process, message: string) => process.log().some(({ msg }) => msg === message);

/** A worker with a job that has written one card; the model goes on when the test says so. */
async function busyWorker(env: Record<string, string> = {}) {
  const go = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n > 1) return answerWith()(pen, call, n);
    const { open, cards, close } = pieces([card(1), card(2)]);
    pen.text(open + cards[0]);
    await go.wait;
    pen.text(cards[1] + close);
    pen.finish('stop');
  });
  const stack = await startStack({ ...openai.env, ...env });
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.', count: 2 });
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'item');
  return { stack, worker, job, stream, go, openai };
}

type Send = (process: Process) => Promise<void>;

const together: Send = async ({ pid }) => {
  process.kill(pid, 'SIGINT');
  process.kill(pid, 'SIGTERM');
};
/** The same signal again, as soon as the first was heard: two that wait are delivered as one. */
const again =
  (signal: NodeJS.Signals): Send =>
  async (worker) => {
    process.kill(worker.pid, signal);
    await expect.poll(() => said(worker, 'stopping'), { interval: 1 }).toBe(true);
    void worker.stop(signal); // not by its pid: it may have ended already
  };

const doubled: [name: string, send: Send][] = [
  ['SIGINT and SIGTERM at once', together],
  ['SIGINT twice', again('SIGINT')],
  ['SIGTERM twice', again('SIGTERM')],
];

for (const [name, send] of doubled) {
  test(`${name}: the worker hands its job back, keeping what it has, and ends well`, async () => {
    const { stack, worker, job, stream, openai } = await busyWorker({ SHUTDOWN_GRACE_MS: '300' });
    await send(worker);
    expect(await worker.exited).toBe(0);
    expect(await stack.get(`/api/jobs/${job['jobId']}?include=items`)).toMatchObject({
      status: 'waiting',
      items: { flashcards: [card(1)] },
    });
    await stack.startWorker();
    expect(await stream.until(isEnd)).toMatchObject({ event: 'completed', data: { result: { flashcards: [card(1), card(2)] } } });
    expect(openai.calls).toHaveLength(2);
    expect(openai.calls[1]?.material['count']).toBe(1);
  });
}

test('within its grace a worker that got two signals finishes its job', async () => {
  const { worker, stream, go, openai } = await busyWorker();
  await together(worker);
  await expect.poll(() => said(worker, 'stopping'), { interval: 1 }).toBe(true);
  go.open();
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(await worker.exited).toBe(0);
  expect(openai.calls).toHaveLength(1);
});

test('a second signal that comes later ends the process at once', async () => {
  const { worker } = await busyWorker();
  let code: number | NodeJS.Signals | undefined;
  void worker.exited.then((ended) => (code = ended));
  const signalAgain = () => {
    void worker.stop('SIGTERM'); // one of those that come later is the one
    return code;
  };
  await expect.poll(signalAgain, { interval: 100 }).toBe(1);
  expect(said(worker, 'a second signal: ending at once')).toBe(true);
});

test('the parent going away while a worker stops is no second signal', async () => {
  const { stack, worker, job } = await busyWorker({ SHUTDOWN_GRACE_MS: '300' });
  process.kill(worker.pid, 'SIGTERM');
  await expect.poll(() => said(worker, 'stopping'), { interval: 1 }).toBe(true);
  worker.abandon();
  expect(await worker.exited).toBe(0);
  expect(await stack.get(`/api/jobs/${job['jobId']}`)).toMatchObject({ status: 'waiting' });
});

test('an API that gets two signals lets its streams go and ends well', async () => {
  const { stack, stream } = await busyWorker();
  await together(stack.api);
  await stream.ended;
  expect(stream.retries.length).toBeGreaterThan(1);
  expect(await stack.api.exited).toBe(0);
});
