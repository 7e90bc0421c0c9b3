/** Webhooks of Responses, as the openai SDK checks them, on a receiver that is a real server. */
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { startOpenAI } from '../support/openai.ts';
import { keysWith } from '../support/keys.ts';
import { type Call, startReceiver } from '../support/receiver.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';
import { startResponses } from '../support/upstream-responses.ts';

const SECRET = { WEBHOOK_SECRET: 'a secret of sixteen' };
const EVENTS = ['response.completed', 'response.failed', 'response.cancelled', 'response.incomplete'] as const;
const flashcards = { model: 'generate-flashcards', input: 'Hund: dog. Katze: cat.' } as const;

const sdk = ({ url }: { url: string }, apiKey = 'sk-ana') => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });

const unwrap = (client: OpenAI, secret: string, { body, headers }: Call) => client.webhooks.unwrap(body, headers, secret);

/** The secret of a key's user, as `GET /api/webhooks/secret` shows it. */
async function secretOf(stack: Stack, apiKey = 'sk-ana'): Promise<string> {
  const response = await fetch(`${stack.url}/api/webhooks/secret`, { headers: { authorization: `Bearer ${apiKey}` } });
  return ((await response.json()) as { secret: string }).secret;
}

test('metadata.callback_url hears of each end, in the form and with the signature that the SDK checks', async () => {
  const stack = await startStack({ ...SECRET, JOB_ATTEMPTS: '1' });
  const [client, receiver] = [sdk(stack), await startReceiver()];
  const metadata = { count: '2', callback_url: receiver.url };
  const cancelled = await client.responses.create({ ...flashcards, metadata, background: true });
  await client.responses.cancel(cancelled.id);
  const openai = await startOpenAI((pen) => pen.fail(400, { error: { message: 'no' } }));
  const failing = await stack.startWorker(openai.env);
  const failed = await client.responses.create({ ...flashcards, metadata, background: true });
  await receiver.called(2);
  await failing.stop();
  await stack.startWorker();
  const completed = await client.responses.create({ ...flashcards, metadata });
  expect(completed).toMatchObject({ status: 'completed', metadata });

  const secret = await secretOf(stack);
  const calls = await receiver.called(3);
  const events = await Promise.all(calls.map((call) => unwrap(client, secret, call)));
  expect(events).toEqual(
    [
      ['response.cancelled', cancelled.id],
      ['response.failed', failed.id],
      ['response.completed', completed.id],
    ].map(([type, id]) => ({
      id: expect.stringMatching(/^evt_/),
      object: 'event',
      created_at: expect.any(Number),
      type,
      data: { id },
    })),
  );
  expect(Math.abs((events[2]?.created_at ?? 0) - (completed.completed_at ?? NaN))).toBe(0);
  expect(new Set(calls.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
  await expect(unwrap(client, await secretOf(stack, 'sk-bob'), calls[0]!)).rejects.toThrow(OpenAI.InvalidWebhookSignatureError);
  for (const [url, words] of [
    ['no URL', 'URL'],
    ['http://10.0.0.1/', 'public address'],
  ] as const)
    await expect(client.responses.create({ ...flashcards, metadata: { callback_url: url } })).rejects.toMatchObject({
      status: 400,
      param: 'metadata.callback_url',
      message: expect.stringContaining(words),
    });
});

test('endpoints hear of what they asked for, sign with secrets of their own, and go with their user', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  const client = sdk(stack);
  const [all, moved, none] = [await startReceiver(), await startReceiver(), await startReceiver()];
  const first = await client.webhooks.create({ name: 'all', url: all.url, event_types: [...EVENTS] });
  const second = await client.webhooks.create({ name: 'moves', url: none.url, event_types: ['response.completed'] });
  const third = await client.webhooks.create({ name: 'failures', url: none.url, event_types: ['response.failed'] });
  await sdk(stack, 'sk-bob').webhooks.create({ name: 'bob', url: none.url, event_types: [...EVENTS] });
  expect(first).toMatchObject({ object: 'webhook_endpoint', name: 'all', url: all.url, event_types: EVENTS });
  expect(first.signing_secret).toMatch(/^whsec_/);
  expect(first.signing_secret_hint).toBe(`whsec_…${first.signing_secret.slice(-4)}`);
  expect(await client.webhooks.update(second.id, { url: moved.url })).toMatchObject({ url: moved.url, name: 'moves' });

  const made = await client.responses.create({ ...flashcards, background: true });
  const [[one], [two]] = [await all.called(1), await moved.called(1)];
  const event = await unwrap(client, first.signing_secret, one!);
  expect(event).toMatchObject({ type: 'response.completed', data: { id: made.id } });
  expect(await unwrap(client, second.signing_secret, two!)).toEqual(event);
  expect(one!.headers['webhook-id']).not.toBe(two!.headers['webhook-id']);
  await expect(unwrap(client, second.signing_secret, one!)).rejects.toThrow(OpenAI.InvalidWebhookSignatureError);
  await client.responses.create(flashcards); // not in the background: nobody is told

  const { signing_secret: overlapping } = await client.webhooks.rotateSecret(first.id, { keep_old_secret_active_for_24_hours: true });
  const { signing_secret: alone } = await client.webhooks.rotateSecret(second.id);
  await client.responses.create({ ...flashcards, background: true });
  const [, again] = await all.called(2);
  for (const secret of [first.signing_secret, overlapping]) expect((await unwrap(client, secret, again!)).type).toBe('response.completed');
  const [, other] = await moved.called(2);
  expect((await unwrap(client, alone, other!)).type).toBe('response.completed');
  await expect(unwrap(client, second.signing_secret, other!)).rejects.toThrow(OpenAI.InvalidWebhookSignatureError);

  expect(await client.webhooks.delete(third.id)).toEqual({ id: third.id, object: 'webhook_endpoint.deleted', deleted: true });
  await expect(client.webhooks.retrieve(third.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  await fetch(`${stack.url}/v1/webhook_endpoints/${third.id}`, { method: 'DELETE' });
  expect([all, moved, none].map(({ calls }) => calls.length)).toEqual([2, 2, 0]);
});

test('endpoints are a user’s own, ten at most, listed page by page, and erased with the user', async () => {
  const stack = await startStack(SECRET);
  const { url } = await startReceiver();
  const named = (user: string) =>
    new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: 'x', maxRetries: 0, defaultHeaders: { 'user-id': user } });
  const [ana, bob] = [named('ana'), named('bob')];
  const create = (n: number) => ana.webhooks.create({ name: `number ${n}`, url, event_types: ['response.completed'] });
  const results = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => create(n)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ status: 400 });

  const names: string[] = [];
  for await (const { name, ...rest } of ana.webhooks.list({ limit: 3 })) {
    names.push(name);
    expect(rest).not.toHaveProperty('signing_secret');
  }
  expect(new Set(names).size).toBe(10);
  const [one] = (await ana.webhooks.list({ limit: 1 })).data;
  expect(await ana.webhooks.retrieve(one!.id)).toEqual(one);
  const changes = [
    ana.webhooks.update(one!.id, { name: 'renamed' }),
    ana.webhooks.rotateSecret(one!.id),
    ana.webhooks.update(one!.id, { url }),
  ];
  await Promise.all(changes); // none is lost
  expect((await ana.webhooks.retrieve(one!.id)).name).toBe('renamed');
  for (const call of ['retrieve', 'delete', 'rotateSecret'] as const)
    await expect(bob.webhooks[call](one!.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  expect((await bob.webhooks.list()).data).toEqual([]);
  expect((await ana.webhooks.eventTypes.list()).data).toEqual(EVENTS);

  const wrong = async (body: object) => ana.webhooks.create({ name: 'n', url, event_types: ['response.failed'], ...body });
  for (const [body, param] of [
    [{ url: 'http://169.254.169.254/' }, 'url'],
    [{ url: `https://example.com/${'x'.repeat(2048)}` }, 'url'],
    [{ event_types: ['batch.completed'] }, 'event_types.0'],
    [{ event_types: [] }, 'event_types'],
    [{ name: '' }, 'name'],
  ] as const)
    await expect(wrong(body)).rejects.toMatchObject({ status: 400, code: 'invalid_value', param });

  const keys = () => keysWith(stack.prefix, 'notify:endpoints');
  expect(await keys()).toHaveLength(1);
  await fetch(`${stack.url}/api/me/data`, { method: 'DELETE', headers: { 'user-id': 'ana' } });
  expect(await keys()).toEqual([]);
});

test('an endpoint that is deleted or gone gets nothing of what is on its way, and all webhooks of an end can be sent again', async () => {
  const stack = await startStack(SECRET);
  await stack.startWorker();
  const client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: 'x', defaultHeaders: { 'user-id': 'ana' } });
  let status = 500;
  const answering = await startReceiver((_request, response) => response.writeHead(status).end());
  const taking = await startReceiver();
  const deleted = await client.webhooks.create({ name: 'deleted', url: answering.url, event_types: [...EVENTS] });
  const kept = await client.webhooks.create({ name: 'kept', url: taking.url, event_types: [...EVENTS] });
  const made = await client.responses.create({ ...flashcards, background: true });
  await Promise.all([answering.called(1), taking.called(1)]);
  await client.webhooks.delete(deleted.id);
  status = 204;
  const path = `${stack.url}/api/jobs/${made.id.slice('resp_'.length)}/deliveries`;
  const headers = { 'user-id': 'ana' };
  const deliveries = async () => ((await (await fetch(path, { headers })).json()) as { deliveries: { endpoint: string }[] }).deliveries;
  await expect.poll(async () => (await deliveries()).map((one) => ('attempts' in one ? (one.attempts as []).length : 0))).toEqual([1, 1]);
  expect((await fetch(`${path}/retry`, { method: 'POST', headers })).status).toBe(202);
  const [first, again] = await taking.called(2);
  expect(again!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  expect(await unwrap(client, kept.signing_secret, again!)).toEqual(await unwrap(client, kept.signing_secret, first!));
  await expect
    .poll(async () => (await deliveries()).toSorted((one) => (one.endpoint === deleted.id ? -1 : 1)))
    .toMatchObject([
      { type: 'response.completed', endpoint: deleted.id, status: 'failed', code: 'endpoint_deleted', url: answering.url },
      { type: 'response.completed', endpoint: kept.id, status: 'delivered', url: taking.url },
    ]);
  expect(answering.calls).toHaveLength(1);
});

test('an answer to a prompt that stops at a limit is told as incomplete, to its URL and to an endpoint', async () => {
  const upstream = await startResponses((writer) => {
    writer.message();
    writer.text('so far');
    writer.finish('incomplete', { incomplete_details: { reason: 'max_output_tokens' } });
  });
  const stack = await startStack({ ...SECRET, ...upstream.env });
  await stack.startWorker();
  const [client, named, endpoint] = [sdk(stack), await startReceiver(), await startReceiver()];
  const { signing_secret } = await client.webhooks.create({ name: 'e', url: endpoint.url, event_types: ['response.incomplete'] });
  const metadata = { callback_url: named.url };
  const { id } = await client.responses.create({ model: 'gpt-5.4-mini', input: 'long', max_output_tokens: 16, metadata, background: true });
  const [[one], [two]] = [await named.called(1), await endpoint.called(1)];
  const event = await unwrap(client, await secretOf(stack), one!);
  expect(event).toMatchObject({ type: 'response.incomplete', data: { id } });
  expect(await unwrap(client, signing_secret, two!)).toEqual(event);
});
