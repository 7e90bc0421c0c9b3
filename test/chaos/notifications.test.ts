/** Webhooks and pushes while APIs and workers are killed: each job is told once to a server, and once to a phone. */
import { expect, test } from 'vitest';
import { type Fate, startExpo } from '../support/expo.ts';
import { startReceiver, verified } from '../support/receiver.ts';
import { ownRedis } from '../support/redis.ts';
import { startStack } from '../support/stack.ts';
import { expectUnharmed } from './ledger.ts';
import { startModel } from './model.ts';

const JOBS = 12;
const ANA = { 'user-id': 'ana' };

test('12 jobs are told once each, though the worker dies under them, and APIs while they send', async () => {
  const redis = await ownRedis();
  const model = await startModel({ cardMs: 30 });
  /** Answers that are held back until the API that waits for them is dead. */
  const held = { webhooks: true, pushes: true };
  const dead = Promise.withResolvers<void>();
  const receiver = await startReceiver((_request, response) => {
    if (!held.webhooks) response.writeHead(204).end();
  });
  const expo = await startExpo(async (): Promise<Fate> => {
    if (held.pushes) await dead.promise; // it has taken the message by then
    return 'ok';
  });
  const stack = await startStack({
    ...model.env,
    ...expo.env,
    REDIS_URL: redis.url,
    WEBHOOK_SECRET: 'a secret of sixteen',
    WORKER_STALLED_INTERVAL_MS: '1200',
  });
  const { secret } = await stack.get('/api/webhooks/secret', ANA);
  const first = await stack.startWorker();
  const submissions = Array.from({ length: JOBS }, (_, n) =>
    stack.submit({ content: `Notes ${n}.`, count: 5, callbackUrl: receiver.url, pushToken: `ExponentPushToken[phone-${n}]` }, ANA),
  );
  const jobs = await Promise.all(submissions);

  await model.hasWritten(20);
  await first.stop('SIGKILL');
  const worker = await stack.startWorker();
  await receiver.called(3);
  await expect.poll(expo.asked, { interval: 10 }).toBeGreaterThanOrEqual(2);
  const killedAt = expo.asked();
  await stack.api.stop('SIGKILL');
  Object.assign(held, { webhooks: false, pushes: false });
  dead.resolve();
  const api = await stack.startApi();

  const told = () => new Set(receiver.calls.map((call) => verified(secret, call)['data'].jobId as string));
  await expect.poll(() => told().size).toBe(JOBS);
  await expect.poll(() => expo.messages.length).toBe(JOBS);
  const deliveriesOf = async ({ jobId }: Record<string, any>): Promise<Record<string, any>[]> =>
    ((await (await fetch(`${api.url}/api/jobs/${jobId}/deliveries`, { headers: ANA })).json()) as Record<string, any>)['deliveries'];
  for (const job of jobs) {
    const waiting = async () => (await deliveriesOf(job)).filter(({ status }) => status === 'waiting');
    await expect.poll(waiting).toEqual([]);
    expect((await deliveriesOf(job)).find(({ channel }) => channel === 'webhook')).toMatchObject({ status: 'delivered' });
  }

  const idsOf = (jobId: string) => receiver.calls.filter(({ body }) => body.includes(jobId)).map(({ headers }) => headers['webhook-id']);
  for (const { jobId } of jobs) expect([jobId, new Set(idsOf(jobId)).size]).toEqual([jobId, 1]);
  expect(killedAt).toBeGreaterThan(0);
  expect(expo.messages.map(({ data }) => data.jobId as string).toSorted()).toEqual(jobs.map(({ jobId }) => jobId as string).toSorted());
  await expectUnharmed([worker, api]);
});
