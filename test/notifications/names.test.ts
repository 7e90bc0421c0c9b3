/** Webhooks by name: where DNS answers, and where it never does, which is the trouble of who named it alone. */
import { expect, test } from 'vitest';
import { startDns } from '../support/dns.ts';
import { startExpo } from '../support/expo.ts';
import { startReceiver } from '../support/receiver.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const EVE = { 'user-id': 'eve' };
const SECRET = { WEBHOOK_SECRET: 'a secret of sixteen' };
const NOTES = 'Hund: dog\nKatze: cat';
const TOKEN = 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]';

const deliveryOf = async (stack: Stack, job: Record<string, any>, headers = ANA) =>
  ((await stack.get(`/api/jobs/${job['jobId']}/deliveries`, headers))['deliveries'] as Record<string, any>[])[0];

test('a webhook goes to a name that DNS knows, and to localhost without asking it', async () => {
  const dns = await startDns(({ name }) => (name === 'hook.example' ? { aliases: ['b.example'], addresses: ['127.0.0.1'] } : { code: 3 }));
  const stack = await startStack({ ...SECRET, WEBHOOK_DNS_SERVERS: dns.server });
  await stack.startWorker();
  const receiver = await startReceiver();
  const port = new URL(receiver.url).port;
  for (const host of ['hook.example', 'localhost']) await stack.submit({ content: NOTES, callbackUrl: `http://${host}:${port}/` }, ANA);
  const calls = await receiver.called(2);
  expect(calls.map(({ headers }) => String(headers['host'])).toSorted()).toEqual([`hook.example:${port}`, `localhost:${port}`]);
  const lost = await stack.submit({ content: NOTES, callbackUrl: `http://none.example:${port}/` }, ANA);
  await expect.poll(async () => (await deliveryOf(stack, lost))?.['attempts'][0]).toMatchObject({ code: 'name_not_found' });
  expect(new Set(dns.questions.map(({ name }) => name))).toEqual(new Set(['hook.example', 'none.example']));
});

test('a name that leads to a private address is refused, whatever else it leads to', async () => {
  const dns = await startDns(() => ({ addresses: ['10.0.0.1', '169.254.169.254', 'fd00:0:0:0:0:0:0:1'] }));
  const stack = await startStack({ ...SECRET, WEBHOOK_DNS_SERVERS: dns.server });
  await stack.startWorker();
  const job = await stack.submit({ content: NOTES, callbackUrl: 'http://hook.example/' }, ANA);
  await expect.poll(() => deliveryOf(stack, job)).toMatchObject({ status: 'failed', code: 'address_not_public' });
});

test('names whose DNS never answers hold up no webhook of another user, no push, and nothing else that is found by name', async () => {
  const dns = await startDns(() => undefined);
  const expo = await startExpo();
  const url = expo.env['EXPO_BASE_URL']?.replace('127.0.0.1', 'localhost') ?? '';
  const stack = await startStack({ ...SECRET, ...expo.env, EXPO_BASE_URL: url, WEBHOOK_DNS_SERVERS: dns.server });
  await stack.startWorker();
  const receiver = await startReceiver();
  const hanging = await Promise.all(
    Array.from({ length: 8 }, (_, n) => stack.submit({ content: `${NOTES} ${n}`, callbackUrl: `http://n${n}.hang.example/` }, EVE)),
  );
  await dns.asked(2 * hanging.length);
  await stack.submit({ content: NOTES, callbackUrl: receiver.url, pushToken: TOKEN }, ANA);
  await receiver.called(1);
  await expect.poll(() => expo.messages.length).toBe(1);
  const [first] = hanging;
  await expect
    .poll(() => first && deliveryOf(stack, first, EVE))
    .toMatchObject({ status: 'waiting', attempts: [{ code: 'name_not_found' }] });
});
