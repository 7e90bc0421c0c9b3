/** Push notifications: one at the end of a job, and only if nobody was there to see it. */
import { describe, expect, test } from 'vitest';
import { createReadReceipt } from '../../src/notifications/deliver-push.ts';
import { Gone } from '../../src/notifications/gone.ts';
import { createExpo } from '../../src/notifications/expo.ts';
import { Bulkheads } from '../../src/notifications/bulkheads.ts';
import { startExpo } from '../support/expo.ts';
import { keysHolding, keysWith, openRedis } from '../support/keys.ts';
import { endPushDelays, LONG_PUSH_DELAY } from '../support/pauses.ts';
import { isEnd, watch } from '../support/sse.ts';
import { newPrefix } from '../support/stack.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { storeOver } from '../support/queue.ts';

const ANA = { 'user-id': 'ana' };
const TOKEN = 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]';
const JOB = { content: 'Hund: dog', pushToken: TOKEN };

const deliveryOf = async (stack: Stack, job: Record<string, any>) => {
  const answer = await stack.get(`/api/jobs/${job['jobId']}/deliveries`, ANA);
  if (!answer['deliveries']) throw new Error(JSON.stringify(answer));
  return answer['deliveries'][0] as Record<string, any>;
};

/** Resolves with the code of what came of a job's push. */
async function outcomeOf(stack: Stack, job: Record<string, any>): Promise<string> {
  await expect.poll(async () => (await deliveryOf(stack, job))?.['attempts'].at(-1)?.code).toBeDefined();
  return (await deliveryOf(stack, job))['attempts'].at(-1).code as string;
}

test('a job that ends while nobody is there is told to the phone, once, without its content', async () => {
  const expo = await startExpo();
  const stack = await startStack(expo.env);
  await stack.startWorker();
  const job = await stack.submit(JOB, ANA);
  expect(await outcomeOf(stack, job)).toBe('sent');
  expect(expo.messages).toEqual([
    {
      to: TOKEN,
      body: 'Your flashcards are ready.',
      data: { jobId: job['jobId'], kind: 'generate-flashcards', status: 'completed' },
      ttl: 86_400,
      sound: 'default',
    },
  ]);
  expect(await deliveryOf(stack, job)).not.toHaveProperty('url');
  expect(stack.api.output()).not.toContain(TOKEN);
});

describe('nobody is told who', () => {
  /** Lets the push go once it waits and somebody was noticed. */
  const endDelay = async (stack: Stack, job: Record<string, any>): Promise<void> => {
    await expect.poll(() => deliveryOf(stack, job)).toBeDefined();
    await endPushDelays(stack.prefix, 1);
  };

  test.each([
    ['follows the job', (stack: Stack, job: Record<string, any>) => stack.watch(job)],
    ['follows all jobs of the user', (stack: Stack) => watch(`${stack.url}/api/events`, ANA)],
    ['waits with a long poll', (stack: Stack, job: Record<string, any>) => void stack.get(`/api/jobs/${job['jobId']}?wait=20`, ANA)],
  ])('%s', async (_what, listen) => {
    const expo = await startExpo();
    const stack = await startStack({ ...expo.env, ...LONG_PUSH_DELAY });
    const job = await stack.submit(JOB, ANA);
    await listen(stack, job);
    await stack.startWorker();
    await endDelay(stack, job);
    expect(await outcomeOf(stack, job)).toBe('somebody_listened');
    expect(expo.messages).toEqual([]);
  });

  test('comes back just after the end', async () => {
    const expo = await startExpo();
    const stack = await startStack({ ...expo.env, ...LONG_PUSH_DELAY });
    const job = await stack.submit(JOB, ANA);
    const away = await stack.watch(job);
    away.leave();
    await stack.startWorker();
    await expect.poll(async () => await deliveryOf(stack, job)).toBeDefined(); // it has ended
    await (await stack.watch(job)).until(isEnd);
    await endDelay(stack, job);
    expect(await outcomeOf(stack, job)).toBe('somebody_listened');
  });

  test('polls, as old clients do', async () => {
    const expo = await startExpo();
    const stack = await startStack({ ...expo.env, ...LONG_PUSH_DELAY });
    await stack.startWorker();
    const job = await stack.submit(JOB, ANA);
    await expect.poll(async () => (await stack.get(job['statusUrl'], ANA))['status']).toBe('completed');
    await endDelay(stack, job);
    expect(await outcomeOf(stack, job)).toBe('somebody_listened');
  });
});

test('who has left before the end is told, and so is who follows another job', async () => {
  const expo = await startExpo();
  const stack = await startStack(expo.env);
  const [job, other] = [await stack.submit(JOB, ANA), await stack.submit({ content: 'b' }, ANA)];
  const away = await stack.watch(job);
  away.leave();
  await stack.watch(other);
  await expect.poll(async () => (await stack.get('/health'))['followers']).toBe(1);
  await stack.startWorker();
  expect(await outcomeOf(stack, job)).toBe('sent');
});

test('who cancels a job knows it, and is not told', async () => {
  const expo = await startExpo();
  const stack = await startStack(expo.env);
  const job = await stack.submit(JOB, ANA);
  await fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: ANA });
  await expect.poll(() => keysWith(stack.prefix, 'notify:outbox')).toEqual([]); // it has been looked at
  expect(await deliveryOf(stack, job)).toBeUndefined();
});

test('a phone that is gone is not tried again, for other jobs either', async () => {
  const expo = await startExpo(() => ({ error: 'DeviceNotRegistered' }));
  const stack = await startStack(expo.env);
  await stack.startWorker();
  const first = await stack.submit(JOB, ANA);
  await expect.poll(() => deliveryOf(stack, first)).toMatchObject({ status: 'failed', code: 'DeviceNotRegistered' });
  const second = await stack.submit({ ...JOB, content: 'b' }, ANA);
  await expect.poll(() => deliveryOf(stack, second)).toMatchObject({ status: 'failed', code: 'DeviceNotRegistered' });
  expect(expo.asked()).toBe(1);
  expect((await deliveryOf(stack, second))['attempts']).toEqual([]);
});

test('a service that is overloaded is asked again, and sends one', async () => {
  const expo = await startExpo((number) => (number === 0 ? { status: 503 } : 'ok'));
  const stack = await startStack(expo.env);
  await stack.startWorker();
  const job = await stack.submit(JOB, ANA);
  await expect.poll(async () => (await deliveryOf(stack, job))?.['attempts'].map(({ code }: any) => code)).toEqual(['status_503', 'sent']);
  expect(expo.messages).toHaveLength(1);
});

test('a receipt that says the phone is gone drops its token', async () => {
  const expo = await startExpo();
  const gone = new Gone(storeOver(openRedis(), newPrefix()));
  const service = createExpo({ baseUrl: String(expo.env['EXPO_BASE_URL']) });
  const read = createReadReceipt({ service, gone, bulkheads: new Bulkheads(), log: { info() {}, warn() {} } });
  const tried = { id: 'r', jobId: 'j', number: 1, signal: new AbortController().signal, update: async () => {} };
  const ask = (ticket: string, token: string) => {
    const data = { type: 'receipt', ticket, token } as const;
    return read({ ...tried, data }, data);
  };
  expo.receipts.set('gone', { error: 'DeviceNotRegistered' });
  expect(await ask('there', TOKEN)).toMatchObject({ type: 'done' });
  expect(await ask('gone', 'ExponentPushToken[gone]')).toMatchObject({ type: 'failed', reason: 'DeviceNotRegistered' });
  expect([await gone.has({ token: TOKEN }), await gone.has({ token: 'ExponentPushToken[gone]' })]).toEqual([false, true]);
});

test('erasing reaches the push, its ticket and the token', async () => {
  const expo = await startExpo();
  const stack = await startStack(expo.env);
  await stack.startWorker();
  const job = await stack.submit(JOB, ANA);
  expect(await outcomeOf(stack, job)).toBe('sent');
  await expect.poll(async () => (await keysWith(stack.prefix, 'receipt_')).length).toBeGreaterThan(0);
  await fetch(`${stack.url}/api/me/data`, { method: 'DELETE', headers: ANA });
  expect(await keysHolding(stack.prefix, TOKEN)).toEqual([]);
});

test('a push token that is none is refused, by the field', async () => {
  const stack = await startStack();
  const response = await fetch(`${stack.url}/api/ai/generate-flashcards`, {
    method: 'POST',
    headers: { ...ANA, 'content-type': 'application/json' },
    body: JSON.stringify({ ...JOB, pushToken: 'my phone' }),
  });
  expect([response.status, ((await response.json()) as any).errors[0].pointer]).toEqual([400, '#/pushToken']);
});
