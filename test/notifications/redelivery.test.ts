/** Webhooks that are sent again on demand: the one of the newest end alone, so often, and a user's so many in a time. */
import { expect, test } from 'vitest';
import { keysUnder } from '../../src/store/keys.ts';
import { openRedis } from '../support/keys.ts';
import { startReceiver } from '../support/receiver.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const SECRET = { WEBHOOK_SECRET: 'a secret of sixteen' };
const FAILING = { AI_PROVIDER: 'openai', OPENAI_API_KEY: 'none', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', JOB_ATTEMPTS: '1' };

type Job = Record<string, any>;

const pathOf = (job: Job) => `/api/jobs/${job['jobId']}/deliveries`;
const deliveriesOf = async (stack: Stack, job: Job) => (await stack.get(pathOf(job), ANA))['deliveries'] as Job[];

/** Asks for a job's webhook again. The pause that there is between two requests for one job is taken as over. */
async function redeliver(stack: Stack, job: Job) {
  await openRedis().del(keysUnder(stack.prefix).notifications.again(job['jobId']));
  const response = await fetch(`${stack.url}${pathOf(job)}/retry`, { method: 'POST', headers: ANA });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Job };
}

/** Submits a job, and waits until its webhook is delivered. */
async function submitDelivered(stack: Stack, callbackUrl: string): Promise<Job> {
  const job = await stack.submit({ content: 'Hund: dog', callbackUrl }, ANA);
  await expect.poll(async () => (await deliveriesOf(stack, job))[0]?.['status']).toBe('delivered');
  return job;
}

test('of a job that failed and was retried the webhook of its newest end is sent again, and no other', async () => {
  const stack = await startStack({ ...SECRET, ...FAILING });
  await stack.startWorker();
  const receiver = await startReceiver();
  const job = await submitDelivered(stack, receiver.url);
  for (let ends = 2; ends <= 4; ends++) {
    expect((await fetch(`${stack.url}/api/jobs/${job['jobId']}/retry`, { method: 'POST', headers: ANA })).status).toBe(202);
    const delivered = async () => (await deliveriesOf(stack, job)).filter(({ status }) => status === 'delivered').length;
    await expect.poll(delivered).toBe(ends);
  }
  const newest = (await receiver.called(4))[3]?.headers['webhook-id'];
  const { status, body } = await redeliver(stack, job);
  expect([status, body['deliveries'].length]).toEqual([202, 4]);
  await receiver.called(5);
  await expect.poll(async () => (await deliveriesOf(stack, job)).map(({ status: now }) => now)).toEqual(Array(4).fill('delivered'));
  expect(receiver.calls.slice(4).map(({ headers }) => headers['webhook-id'])).toEqual([newest]);
});

test('one webhook is sent again as often as a job is retried, and not more', async () => {
  const stack = await startStack({ ...SECRET, MAX_JOB_RETRIES: '2' });
  await stack.startWorker();
  const receiver = await startReceiver();
  const job = await submitDelivered(stack, receiver.url);
  for (let calls = 2; calls <= 3; calls++) {
    expect((await redeliver(stack, job)).status).toBe(202);
    await receiver.called(calls);
    await expect.poll(async () => (await deliveriesOf(stack, job))[0]).toMatchObject({ status: 'delivered' });
  }
  expect(await redeliver(stack, job)).toMatchObject({ status: 409, body: { code: 'too_many_retries' } });
  expect(receiver.calls).toHaveLength(3);
});

test('a user has so many webhooks sent again in a time as submissions, over all jobs', async () => {
  const stack = await startStack({ ...SECRET, RATE_LIMIT_MAX: '3' });
  await stack.startWorker();
  const receiver = await startReceiver();
  const jobs = [await submitDelivered(stack, receiver.url), await submitDelivered(stack, receiver.url)];
  const answers = [];
  for (const job of [...jobs, ...jobs]) answers.push(await redeliver(stack, job));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 429]);
  expect(answers[3]).toMatchObject({ body: { code: 'rate_limited' } });
  expect(answers[3]?.headers.get('ratelimit-policy')).toBe('"redeliver";q=3;w=60');
});
