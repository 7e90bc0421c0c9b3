/** Webhooks from the submission to the receiver: signed, once for each end, logged, sent again on demand, erased with their job. */
import { describe, expect, test } from 'vitest';
import { keysWith } from '../support/keys.ts';
import { type Receiver, startReceiver, verified } from '../support/receiver.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };
const BOB = { 'user-id': 'bob' };
const SECRET = { WEBHOOK_SECRET: 'a secret of sixteen' };
const NOTES = 'Hund: dog\nKatze: cat';

const deliveriesOf = async (stack: Stack, job: Record<string, any>) =>
  (await stack.get(`/api/jobs/${job['jobId']}/deliveries`, ANA))['deliveries'] as Record<string, any>[];
const secretOf = async (stack: Stack, headers = ANA) => String((await stack.get('/api/webhooks/secret', headers))['secret']);

async function ask(stack: Stack, method: string, path: string, headers: Record<string, string> = ANA, body?: object) {
  const response = await fetch(stack.url + path, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json().catch(() => ({}))) as Record<string, any> };
}

const submitWith = (stack: Stack, fields: object, headers: Record<string, string> = ANA) =>
  ask(stack, 'POST', '/api/ai/generate-flashcards', headers, { content: NOTES, ...fields });

test('a job that ends is told to its callbackUrl, signed with the secret of its user, and the delivery is logged', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  const receiver = await startReceiver();
  const job = await stack.submit({ content: NOTES, callbackUrl: `${receiver.url}?key=hidden` }, ANA);

  const [call] = await receiver.called(1);
  expect(verified(await secretOf(stack), call!)).toEqual({
    type: 'job.completed',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: { jobId: job['jobId'], kind: 'generate-flashcards', status: 'completed', statusUrl: job['statusUrl'] },
  });
  expect(() => verified('whsec_' + 'A'.repeat(43) + '=', call!)).toThrow('No matching signature');
  expect(call!.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'ai-jobs/test' });
  await expect
    .poll(() => deliveriesOf(stack, job))
    .toEqual([
      {
        id: call!.headers['webhook-id'],
        channel: 'webhook',
        type: 'job.completed',
        url: `${receiver.url}?key=hidden`,
        status: 'delivered',
        createdAt: expect.any(String),
        attempts: [{ at: expect.any(String), ms: expect.any(Number), status: 204 }],
      },
    ]);
  expect(receiver.calls).toHaveLength(1);
  expect(stack.api.output()).not.toContain('hidden');
  expect(stack.api.output()).not.toContain('whsec_');
});

test('ends that no worker sees are told, too: cancelled by its user, and by Cancel-After', async () => {
  const stack = await startStack(SECRET);
  const receiver = await startReceiver();
  const cancelled = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await ask(stack, 'POST', cancelled['cancelUrl']);
  const late = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, { ...ANA, 'cancel-after': '1s' });
  const secret = await secretOf(stack);
  const events = (await receiver.called(2)).map((call) => verified(secret, call));
  expect(events.map(({ type, data }) => [type, data.jobId])).toEqual([
    ['job.cancelled', cancelled['jobId']],
    ['job.cancelled', late['jobId']],
  ]);
});

test('a failed job that is retried ends once more, and each end has an id of its own', async () => {
  const stack = await startStack({ ...SECRET, JOB_ATTEMPTS: '1' });
  await stack.startWorker({ AI_PROVIDER: 'openai', OPENAI_API_KEY: 'none', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' });
  const receiver = await startReceiver();
  const job = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await receiver.called(1);
  expect((await ask(stack, 'POST', `/api/jobs/${job['jobId']}/retry`)).status).toBe(202);
  const calls = await receiver.called(2);
  const secret = await secretOf(stack);
  expect(calls.map((call) => verified(secret, call)['type'])).toEqual(['job.failed', 'job.failed']);
  expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  await expect.poll(async () => (await deliveriesOf(stack, job)).map(({ status }) => status)).toEqual(['delivered', 'delivered']);
});

test('after a change of the secret the new one and the one before sign, and no older one', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  const receiver = await startReceiver();
  const first = await secretOf(stack);
  expect(await secretOf(stack, BOB)).not.toBe(first);
  const rotate = async () => (await ask(stack, 'POST', '/api/webhooks/secret/rotate')).body;
  const second = await rotate();
  expect(second).toEqual({ secret: expect.any(String), version: 2, previous: { secret: first, validUntil: expect.any(String) } });
  await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  const [call] = await receiver.called(1);
  for (const secret of [first, second['secret']]) expect(verified(secret, call!)['type']).toBe('job.completed');

  const third = await rotate();
  expect(third['previous']['secret']).toBe(second['secret']);
  await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  const [, next] = await receiver.called(2);
  expect(verified(third['secret'], next!)['type']).toBe('job.completed');
  expect(() => verified(first, next!)).toThrow('No matching signature');
});

test('a secret is the same on another process, and with another secret of the server it is another', async () => {
  const stack = await startStack(SECRET);
  const [other, changed] = [
    await stack.startApi(SECRET),
    await stack.startApi({ WEBHOOK_SECRET: 'another of sixteen,a secret of sixteen' }),
  ];
  const of = async (url: string) => ((await (await fetch(`${url}/api/webhooks/secret`, { headers: ANA })).json()) as any).secret;
  expect(await of(other.url)).toBe(await of(stack.url));
  expect(await of(changed.url)).not.toBe(await of(stack.url));
});

test('a webhook is sent again on demand, with the same id', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  const receiver = await startReceiver();
  const job = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await receiver.called(1);
  await expect.poll(async () => (await deliveriesOf(stack, job))[0]?.['status']).toBe('delivered');
  const again = await ask(stack, 'POST', `/api/jobs/${job['jobId']}/deliveries/retry`);
  expect(again.status).toBe(202);
  const [one, two] = await receiver.called(2);
  expect(two!.headers['webhook-id']).toBe(one!.headers['webhook-id']);
  await expect.poll(async () => (await deliveriesOf(stack, job))[0]?.['attempts'].length).toBe(2);
});

test('a receiver that says it is gone gets no more, until its user wants it', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  let gone = true;
  const receiver = await startReceiver((_request, response) => response.writeHead(gone ? 410 : 200).end());
  const jobs = [await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA)];
  await expect.poll(async () => (await deliveriesOf(stack, jobs[0]!))[0]).toMatchObject({ status: 'failed', code: 'endpoint_gone' });
  jobs.push(await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA));
  await expect
    .poll(async () => (await deliveriesOf(stack, jobs[1]!))[0])
    .toMatchObject({ status: 'failed', code: 'endpoint_gone', attempts: [] });
  expect(receiver.calls).toHaveLength(1);

  gone = false;
  await ask(stack, 'POST', `/api/jobs/${jobs[1]!['jobId']}/deliveries/retry`);
  await expect.poll(async () => (await deliveriesOf(stack, jobs[1]!))[0]).toMatchObject({ status: 'delivered' });
});

test('one receiver that hangs delays no other, not even of the same user', async () => {
  const stack = await startStack({ ...SECRET, WORKER_RATE_MAX: '1000' });
  await stack.startWorker();
  const hanging = await startReceiver(() => {});
  const receiver = await startReceiver();
  const submitAll = (count: number, callbackUrl: string, headers = ANA) =>
    Promise.all(Array.from({ length: count }, (_, n) => stack.submit({ content: `${NOTES} ${n}`, callbackUrl }, headers)));
  await submitAll(30, hanging.url);
  await hanging.called(4); // all that are on their way to it at once
  await submitAll(5, receiver.url);
  await submitAll(5, receiver.url, BOB);
  await receiver.called(10);
  expect(hanging.mostAtOnce()).toBe(4);
});

describe('what is erased', () => {
  test('goes with its deliveries, also those that wait for another try', async () => {
    const stack = await startStack(SECRET);
    await stack.startWorker();
    const receiver = await startReceiver((_request, response) => response.writeHead(500).end());
    const [job, other] = [await ended(stack, receiver), await ended(stack, receiver)];
    for (const one of [job, other]) {
      await expect
        .poll(async () => (await deliveriesOf(stack, one))[0])
        .toMatchObject({ status: 'waiting', nextAttemptAt: expect.any(String) });
    }
    expect((await stack.get('/api/queue/stats'))['notifications']).toEqual({ waiting: 2, failed: 0 });
    expect(await keysWith(stack.prefix, 'msg_')).not.toEqual([]);
    await ask(stack, 'DELETE', `/api/jobs/${job['jobId']}`);
    expect((await ask(stack, 'GET', `/api/jobs/${job['jobId']}/deliveries`)).status).toBe(404);
    await ask(stack, 'DELETE', '/api/me/data');
    expect(await keysWith(stack.prefix, 'msg_')).toEqual([]);
    expect(await keysWith(stack.prefix, 'notify:of')).toEqual([]);
  });

  test('goes also while it is being sent', async () => {
    const stack = await startStack(SECRET);
    await stack.startWorker();
    const asked = Promise.withResolvers<() => void>();
    const receiver = await startReceiver((_request, response) => asked.resolve(() => response.writeHead(500).end()));
    const job = await ended(stack, receiver);
    const answer = await asked.promise;
    expect((await ask(stack, 'DELETE', `/api/jobs/${job['jobId']}`)).status).toBe(204);
    answer();
    await expect.poll(() => keysWith(stack.prefix, 'msg_')).toEqual([]);
  });
});

/** Submits a job that is told to a receiver, and resolves when it has ended. */
async function ended(stack: Stack, receiver: Receiver): Promise<Record<string, any>> {
  const job = await stack.submit({ content: NOTES, callbackUrl: receiver.url }, ANA);
  await (await watch(stack.url + job['streamUrl'])).until(isEnd);
  return job;
}

describe('a submission', () => {
  const REFUSED: [what: string, url: string, detail: string][] = [
    ['no URL', 'my server', 'http or https URL'],
    ['another scheme', 'ftp://example.com/hook', 'http or https URL'],
    ['a password in it', 'https://ana:secret@example.com/', 'no user name and no password'],
    ['a private address', 'http://10.0.0.1/', 'public address'],
    ['the metadata service of a cloud', 'http://169.254.169.254/latest/meta-data', 'public address'],
    ['a private address as a number', 'http://0xa000001/', 'public address'],
    ['a mapped address', 'http://[::ffff:10.0.0.1]/', 'public address'],
    ['a translated address', 'http://[64:ff9b::a00:1]/', 'public address'],
    ['a local IPv6 address', 'http://[fe80::1]/', 'public address'],
    ['too long', `https://example.com/${'x'.repeat(2048)}`, '2048'],
  ];
  test('with a callbackUrl that can not be one is refused, by the field', async () => {
    const stack = await startStack(SECRET);
    for (const [what, callbackUrl, detail] of REFUSED) {
      const { status, body } = await submitWith(stack, { callbackUrl });
      expect(status, what).toBe(400);
      expect(body['errors'], what).toEqual([{ pointer: '#/callbackUrl', detail: expect.stringContaining(detail) }]);
    }
  });

  test('with a callbackUrl is somebody’s', async () => {
    const stack = await startStack(SECRET);
    const callbackUrl = 'https://example.com/hook';
    expect(await submitWith(stack, { callbackUrl }, {})).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect((await submitWith(stack, { callbackUrl, userId: 'ana' }, {})).status).toBe(202);
    expect((await ask(stack, 'GET', '/api/webhooks/secret', {})).status).toBe(401);
  });

  test('under one key goes to one callbackUrl', async () => {
    const stack = await startStack(SECRET);
    const headers = { ...ANA, 'idempotency-key': 'one' };
    const [first, same, other] = [
      await submitWith(stack, { callbackUrl: 'https://example.com/1' }, headers),
      await submitWith(stack, { callbackUrl: 'https://example.com/1', pushToken: 'ExponentPushToken[new]' }, headers),
      await submitWith(stack, { callbackUrl: 'https://example.com/2' }, headers),
    ];
    expect(same.body['jobId']).toBe(first.body['jobId']);
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  test('in production needs WEBHOOK_SECRET and TLS, and goes to no name of this machine', async () => {
    const production = { NODE_ENV: 'production', AUTH: 'trusted-header', STREAM_TOKEN_SECRET: 'a secret of sixteen' };
    const without = await startStack(production);
    expect(await submitWith(without, { callbackUrl: 'https://example.com/' })).toMatchObject({
      status: 501,
      body: { code: 'provider_not_configured', detail: expect.stringContaining('WEBHOOK_SECRET') },
    });
    expect((await ask(without, 'GET', '/api/webhooks/secret')).status).toBe(501);
    const stack = await startStack({ ...production, ...SECRET });
    for (const callbackUrl of [
      'http://example.com/',
      'https://localhost/',
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://a.localhost./',
    ]) {
      expect((await submitWith(stack, { callbackUrl })).body, callbackUrl).toMatchObject({ code: 'invalid_input' });
    }
    expect((await submitWith(stack, { callbackUrl: 'https://example.com/' })).status).toBe(202);
  });
});

test('of a job without a webhook there is nothing to send again, and another user’s is not there', async () => {
  const stack = await startStack(SECRET);
  const job = await stack.submit({ content: NOTES }, ANA);
  const path = `/api/jobs/${job['jobId']}/deliveries`;
  expect((await ask(stack, 'GET', path)).body).toEqual({ deliveries: [] });
  expect(await ask(stack, 'POST', `${path}/retry`)).toMatchObject({ status: 409, body: { code: 'no_deliveries' } });
  expect((await ask(stack, 'GET', path, BOB)).status).toBe(404);
  expect((await ask(stack, 'POST', `${path}/retry`, BOB)).status).toBe(404);
  expect((await ask(stack, 'GET', path, {})).status).toBe(401);
});
