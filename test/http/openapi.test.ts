/** Real answers against the OpenAPI document of the same server: statuses, headers, bodies, codes and events are as it says, and nothing else. */
import { createChecks } from '../support/openapi.ts';
import { startReceiver, verified } from '../support/receiver.ts';
import { request } from 'node:http';
import { expect, inject, test } from 'vitest';
import { smokeRequest } from '../../scripts/smoke/request.ts';
import { kinds } from '../../src/kinds/index.ts';
import type { Kind } from '../../src/kinds/kind.ts';
import { ANA, type Documented, type Init, OPERATOR, start } from '../support/documented.ts';
import { print } from '../support/pages.ts';
import { programs } from '../support/spoken.ts';
import type { Stack } from '../support/stack-in-process.ts';
import { startSupabase } from '../support/supabase-project.ts';

type Json = Record<string, any>;

const FLASHCARDS = 'POST /api/ai/generate-flashcards';
const hasEspeak = programs.espeak !== undefined;

const json = (body: object, headers: Record<string, string> = {}): Init => ({
  headers: { 'content-type': 'application/json', ...ANA, ...headers },
  body: JSON.stringify(body),
});

/** Every route of a job, and both streams, for a job that has ended. */
async function look({ ask, follow, checkEventsOf }: Documented, route: string, job: Json): Promise<Json> {
  const id = job['jobId'] as string;
  checkEventsOf(route, (await follow('GET /api/jobs/{jobId}/events', job['streamUrl'])).events);
  const { body, headers } = await ask('GET /api/jobs/{jobId}', `/api/jobs/${id}?include=items`, { status: 200 });
  await ask('GET /api/jobs/{jobId}', `/api/jobs/${id}?wait=5`, {
    headers: { ...ANA, 'if-none-match': headers.get('etag') ?? '' },
    status: 304,
  });
  await ask('GET /api/job-status/{jobId}', job['statusUrl'], { status: 200 });
  await ask('GET /api/jobs/{jobId}/events', `${job['streamUrl']}&lastEventId=1000`, { status: 204 });
  await ask('POST /api/jobs/{jobId}/cancel', job['cancelUrl'], { status: 200 });
  await follow('GET /api/events', '/api/events', { headers: ANA }, ({ event, data }) => event === body['status'] && data['jobId'] === id);
  return body;
}

test('jobs of all kinds that this machine can do, and all routes of them, answer as the document says', async () => {
  const api = await start({ PATH: process.env['PATH'] ?? '', SAME_WORK_WINDOW_S: '60', SUPABASE_WEBHOOK_SECRET: 'the-database-shows-it' });
  const { stack, asked, ask, follow, document } = api;
  await stack.startWorker();
  const off = kinds.filter(({ withoutKey }: Kind) => withoutKey === 'nobody' || (withoutKey.vendor === 'espeak-ng' && !hasEspeak));
  for (const kind of kinds.filter((one) => !off.includes(one))) {
    const route = `POST ${kind.path}`;
    const { body: sent, headers: type } = smokeRequest(kind, kind.name === 'process-image' ? { then: 'flashcards' } : {});
    const { body: job } = await ask(route, undefined, { headers: { ...ANA, ...type }, body: sent, status: 202 });
    const ended = await look(api, route, job);
    expect([route, ended['error'], ended['status']]).toEqual([route, undefined, 'completed']);
    if (!route.endsWith('generate-audio')) continue;
    const { outputUrl } = ended['result'].audio;
    const output = 'GET /api/jobs/{jobId}/output';
    const { headers } = await ask(output, outputUrl, { status: 200 });
    await ask(output, outputUrl, { headers: { ...ANA, range: 'bytes=0-9' }, status: 206 });
    await ask(output, outputUrl, { headers: { ...ANA, range: 'bytes=999999999-' }, status: 416 });
    await ask(output, outputUrl, { headers: { ...ANA, 'if-none-match': headers.get('etag') ?? '' }, status: 304 });
    await ask('GET /api/jobs/{jobId}/output/{n}', ended['result'].parts[0].outputUrl, { status: 200 });
  }

  await ask(FLASHCARDS, undefined, { ...json({ content: 'Maus: mouse' }, { prefer: 'wait=20' }), status: 200 });
  await follow(FLASHCARDS, '/api/ai/generate-flashcards', json({ content: 'Pferd: horse' }, { accept: 'text/event-stream' }));
  const reused = await ask(FLASHCARDS, undefined, { ...json({ content: 'Maus: mouse' }), status: 202 });
  expect(reused.headers.get('job-reused')).toBe('true');
  const keyed = json({ content: 'Kuh: cow' }, { 'idempotency-key': 'k' });
  await ask(FLASHCARDS, undefined, { ...keyed, status: 202 });
  expect((await ask(FLASHCARDS, undefined, { ...keyed, status: 202 })).headers.get('idempotent-replayed')).toBe('true');
  const wish = json({ model: 'generate-flashcards', input: 'Esel: donkey' });
  await ask('POST /v1/responses', undefined, { ...wish, status: 200 });
  const { body: made } = await ask('POST /v1/responses', undefined, {
    ...json({ model: 'generate-flashcards', input: 'Igel: hedgehog', background: true }),
    status: 200,
  });
  const ofResponse = (method: string, path: string, status = 200) =>
    ask(`${method} /v1/responses/{responseId}${path}`, `/v1/responses/${made['id']}${path}`, { headers: ANA, status });
  await ofResponse('GET', '');
  await ofResponse('GET', '/input_items');
  const { body: stopped } = await ask('POST /v1/responses', undefined, {
    ...json({ model: 'generate-flashcards', input: 'Reh: deer', background: true }),
    status: 200,
  });
  await stack.watch({ streamUrl: `/v1/responses/${stopped['id']}?stream=true` }, ANA).then(({ ended }) => ended);
  await ask('POST /v1/responses/{responseId}/cancel', `/v1/responses/${stopped['id']}/cancel`, { headers: ANA, status: 400 });
  await ofResponse('DELETE', '');
  await ofResponse('GET', '', 404);
  await ask('GET /v1/models', undefined, { status: 200 });
  await ask('GET /v1/models/{model}', '/v1/models/generate-flashcards', { status: 200 });
  const receiver = await startReceiver();
  await ask('GET /v1/webhook_event_types', undefined, { status: 200 });
  const endpoint = { name: 'mine', url: receiver.url, event_types: ['response.completed'] };
  const { body: hears } = await ask('POST /v1/webhook_endpoints', undefined, { ...json(endpoint), status: 200 });
  await ask('GET /v1/webhook_endpoints', undefined, { headers: ANA, status: 200 });
  const ofEndpoint = async (method: string, path = '', more: object = { headers: ANA }) =>
    ask(`${method} /v1/webhook_endpoints/{endpointId}${path}`, `/v1/webhook_endpoints/${hears['id']}${path}`, { ...more, status: 200 });
  await ofEndpoint('GET');
  await ofEndpoint('POST', '', json({ name: 'ours' }));
  await ofEndpoint('POST', '/rotate_secret', json({ keep_old_secret_active_for_24_hours: true }));
  await ofEndpoint('DELETE');
  const { body: told } = await ask(FLASHCARDS, undefined, { ...json({ content: 'Ente: duck', callbackUrl: receiver.url }), status: 202 });
  const [call] = await receiver.called(1);
  const { body: first } = await ask('GET /api/webhooks/secret', undefined, { status: 200 });
  const { requestBody, parameters } = document['webhooks'].jobEnded.post;
  const { mistakesIn } = createChecks(document, { closed: true });
  expect(mistakesIn(requestBody.content['application/json'].schema, verified(first['secret'], call!))).toBe('');
  for (const { name } of parameters) expect(call!.headers).toHaveProperty(name);
  await ask('GET /api/jobs/{jobId}/deliveries', `/api/jobs/${told['jobId']}/deliveries`, { status: 200 });
  await ask('POST /api/jobs/{jobId}/deliveries/retry', `/api/jobs/${told['jobId']}/deliveries/retry`, { status: 202 });
  await ask('POST /api/webhooks/secret/rotate', undefined, { status: 200 });
  const { body: page } = await ask('GET /api/jobs', '/api/jobs?limit=1&status=completed');
  await ask('GET /api/jobs', `/api/jobs?limit=1&cursor=${page['nextCursor']}`, { status: 200 });
  await ask('DELETE /api/jobs/{jobId}', `/api/jobs/${page['jobs'][0].jobId}`, { status: 204 });

  for (const path of [
    '/',
    '/api/kinds',
    '/api/queue/stats',
    '/api/redis/health',
    '/health',
    '/ready',
    '/openapi.json',
    '/docs',
    '/llms.txt',
    '/llms-full.txt',
  ])
    await ask(`GET ${path}`, path, { status: 200 });
  await ask('GET /docs/{asset}', '/docs/start.js', { status: 200 });
  await ask('GET /docs/handbook/{chapter}', '/docs/handbook/events.md', { status: 200 });
  await ask('GET /favicon.ico', '/favicon.ico', { status: 200 });
  await ask('GET /admin', '/admin', { status: 200 });
  await ask('GET /page/{file}', '/page/main.ts', { status: 200 });
  await ask('GET /page/admin/{file}', '/page/admin/main.ts', { status: 200 });
  await ask('GET /client/src/{file}', '/client/src/client.ts', { status: 200 });
  await ask('GET /problems/{code}', '/problems/queue_full', { status: 200 });
  for (const route of [
    'GET /admin/failed-jobs',
    'POST /admin/failed-jobs/retry',
    'GET /admin/actions',
    'GET /admin/workers',
    'GET /admin/jobs',
    'GET /admin/errors',
  ])
    await ask(route, undefined, { headers: OPERATOR, status: 200 });
  const changed = (body: object) => ({ ...json(body, OPERATOR), status: 200 });
  await ask(
    'POST /admin/pause',
    undefined,
    changed({ scope: 'kind', name: 'generate-flashcards', reason: 'x', until: '2999-01-01T00:00:00Z' }),
  );
  const { body: held } = await ask(FLASHCARDS, undefined, { ...json({ content: 'Gans: goose' }), status: 202 });
  await ask('GET /api/jobs/{jobId}', `/api/jobs/${held['jobId']}`, { status: 200 });
  await ask('POST /v1/responses/{responseId}/cancel', `/v1/responses/resp_${held['jobId']}/cancel`, { headers: ANA, status: 200 });
  for (const path of ['/api/queue/stats', '/ready']) await ask(`GET ${path}`, path, { status: 200 });
  const { body: terms } = await ask(
    'PUT /admin/users/{id}',
    '/admin/users/nobody',
    changed({ blocked: true, reason: 'x', cancelRunning: true }),
  );
  await ask('GET /admin/users', undefined, { headers: OPERATOR, status: 200 });
  await ask('GET /admin/users/{id}', '/admin/users/nobody', { headers: OPERATOR, status: 200 });
  await ask('GET /admin/runs/{id}', `/admin/runs/${terms['runId']}`, { headers: OPERATOR, status: 200 });
  for (const what of ['retry', 'cancel', 'purge']) {
    const { body: run } = await ask(`POST /admin/jobs/${what}`, undefined, changed({ dryRun: true, user: 'nobody' }));
    await ask(`POST /admin/jobs/${what}`, undefined, { ...changed({ runId: run['runId'] }), status: 202 });
  }
  const { body: known } = await ask('GET /admin/workers', undefined, { headers: OPERATOR, status: 200 });
  for (const what of ['quiet', 'unquiet'])
    await ask(`POST /admin/workers/{id}/${what}`, `/admin/workers/${known['workers'][0].id}/${what}`, changed({ reason: 'x' }));
  await ask('POST /admin/resume', undefined, changed({ scope: 'kind', name: 'generate-flashcards' }));
  await ask('GET /metrics', undefined, { headers: OPERATOR, status: 200 });
  const { body: listed } = await ask('GET /admin/jobs', undefined, { headers: OPERATOR });
  await ask('GET /admin/jobs/{jobId}', `/admin/jobs/${listed['jobs'][0].jobId}?input=1`, { headers: OPERATOR, status: 200 });
  await ask('GET /admin/dead-letters', undefined, { headers: OPERATOR, status: 200 });
  const none = 'POST /admin/dead-letters/{letterId}/replay';
  await ask(none, `/admin/dead-letters/job.${listed['jobs'][0].jobId}/replay`, { headers: OPERATOR, status: 404 });
  const { example } = document['paths']['/webhooks/supabase'].post.requestBody.content['application/json'];
  for (const body of [example, { ...example, type: 'INSERT' }])
    await ask('POST /webhooks/supabase', undefined, { ...json(body, { authorization: 'Bearer the-database-shows-it' }), status: 200 });
  await ask('DELETE /api/me/data', undefined, { status: 200 });

  const all = Object.entries(document['paths'] as Json).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(all.filter((route) => !asked.has(route)).toSorted()).toEqual(
    [
      ...(hasEspeak ? [] : ['GET /api/jobs/{jobId}/output', 'GET /api/jobs/{jobId}/output/{n}']),
      ...off.flatMap(({ path }) => (path in document['paths'] ? [`POST ${path}`] : [])), // a kind that is not set is not in it
      'GET /admin/archive', // it needs an archive: below
      'POST /admin/archive/retry',
      'POST /api/jobs/{jobId}/retry', // it needs a job that has failed: below
      'POST /admin/dead-letters/{letterId}/replay',
      // those of the AI SDK have a protocol of their own, and its packages as their test: test/http/ai-sdk.test.ts
      ...all.filter((route) => / \/api\/(?:chat|completion|object)\//.test(route)),
    ].toSorted(),
  );
});

test('a job that waits, is cancelled, fails and is retried is as the document says', async () => {
  const api = await start();
  const { stack, ask } = api;
  const { body: waiting } = await ask(FLASHCARDS, undefined, json({ content: 'a b c' }, { 'cancel-after': '1h' }));
  const { body: seen } = await ask('GET /api/jobs/{jobId}', `/api/jobs/${waiting['jobId']}`, { status: 200 });
  expect(seen).toMatchObject({ status: 'waiting', position: 1, cancelAt: expect.any(String) });
  expect((await ask('POST /api/jobs/{jobId}/cancel', waiting['cancelUrl'], { status: 202 })).body['status']).toBe('cancelled');
  expect((await look(api, FLASHCARDS, waiting))['status']).toBe('cancelled');
  expect((await ask('GET /api/job-status/{jobId}', waiting['statusUrl'])).body['error'].code).toBe('cancelled');

  const { body: blank } = await ask('POST /api/process-image', undefined, json({ image: (await print([''])).toString('base64') }));
  await stack.startWorker();
  expect((await look(api, 'POST /api/process-image', blank))['error'].code).toBe('content_unusable');
  await ask('GET /admin/failed-jobs', '/admin/failed-jobs?code=content_unusable', { headers: OPERATOR, status: 200 });
  await ask('POST /api/jobs/{jobId}/retry', `/api/jobs/${blank['jobId']}/retry`, { status: 202 });
  expect((await look(api, 'POST /api/process-image', blank))['error'].code).toBe('content_unusable');
  await ask('GET /admin/dead-letters', undefined, { headers: OPERATOR, status: 200 });
  const replay = `/admin/dead-letters/job.${blank['jobId']}/replay`;
  await ask('POST /admin/dead-letters/{letterId}/replay', replay, { headers: OPERATOR, status: 202 });
});

test('refusals have a status, a code and headers that the document has for the route', async () => {
  const api = await start({ RATE_LIMIT_MAX: '30', MAX_JOBS_PER_USER: '2' });
  const { stack, ask } = api;
  const { body: job } = await ask(FLASHCARDS, undefined, json({ content: 'a' }, { 'idempotency-key': 'k' }));
  const id = job['jobId'] as string;
  const nobodys = `/api/jobs/generate-flashcards-${'A'.repeat(32)}`;
  const asJson = { 'content-type': 'application/json', ...ANA };
  const cases: [code: string, route: string, path: string | undefined, init: Init][] = [
    ['invalid_json', FLASHCARDS, undefined, { headers: asJson, body: '{' }],
    ['invalid_input', FLASHCARDS, undefined, json({ content: '', count: 0 })],
    ['invalid_input', FLASHCARDS, undefined, json({ content: 'a' }, { 'cancel-after': 'soon' })],
    ['invalid_input', FLASHCARDS, undefined, json({ content: 'a' }, { 'user-id': 'x'.repeat(300) })],
    ['invalid_input', 'GET /api/jobs', '/api/jobs?limit=0', {}],
    ['invalid_input', 'GET /api/jobs/{jobId}', `/api/jobs/${id}?wait=long`, {}],
    ['invalid_input', 'GET /api/kinds', undefined, { headers: { 'user-id': 'x'.repeat(300) } }],
    ['payload_too_large', FLASHCARDS, undefined, json({ content: 'a'.repeat(2_000_000) })],
    ['unsupported_media_type', FLASHCARDS, undefined, { headers: { ...ANA, 'content-type': 'text/plain' }, body: 'a' }],
    ['unsupported_media_type', 'POST /api/process-image', undefined, json({ image: 'YWJj' })],
    ['idempotency_key_reused', FLASHCARDS, undefined, json({ content: 'b' }, { 'idempotency-key': 'k' })],
    ['resume_with_get', FLASHCARDS, undefined, json({ content: 'b' }, { accept: 'text/event-stream', 'last-event-id': '1' })],
    ['unauthorized', 'GET /api/jobs', undefined, { headers: {} }],
    ['unauthorized', 'GET /api/events', undefined, { headers: {} }],
    ['unauthorized', 'DELETE /api/me/data', undefined, { headers: {} }],
    ['unauthorized', 'GET /admin/failed-jobs', undefined, {}],
    ['unauthorized', 'GET /admin/archive', undefined, {}],
    ['unauthorized', 'POST /webhooks/supabase', undefined, {}],
    ['not_found', 'GET /admin/archive', undefined, { headers: OPERATOR }],
    ['not_found', 'POST /admin/archive/retry', undefined, { headers: OPERATOR }],
    ['invalid_input', 'GET /admin/failed-jobs', '/admin/failed-jobs?limit=0', { headers: OPERATOR }],
    ['token_invalid', 'GET /api/jobs/{jobId}/events', `/api/jobs/${id}/events?token=x.y`, { headers: {} }],
    ['token_invalid', 'GET /api/jobs/{jobId}/output', `/api/jobs/${id}/output?token=x.y`, { headers: {} }],
    ['job_not_found', 'GET /api/jobs/{jobId}', nobodys, {}],
    ['job_not_found', 'GET /api/job-status/{jobId}', nobodys.replace('jobs', 'job-status'), {}],
    ['job_not_found', 'GET /api/jobs/{jobId}/events', `${nobodys}/events`, {}],
    ['job_not_found', 'POST /api/jobs/{jobId}/cancel', `${nobodys}/cancel`, {}],
    ['job_not_found', 'POST /api/jobs/{jobId}/retry', `${nobodys}/retry`, {}],
    ['job_not_found', 'DELETE /api/jobs/{jobId}', nobodys, {}],
    ['not_found', 'GET /api/jobs/{jobId}/output', `/api/jobs/${id}/output`, {}],
    ['not_found', 'GET /api/jobs/{jobId}/output/{n}', `/api/jobs/${id}/output/x`, {}],
    ['not_found', 'GET /docs/{asset}', '/docs/swagger-ui.js.map', {}],
    ['not_found', 'GET /problems/{code}', '/problems/unknown', {}],
    ['job_not_failed', 'POST /api/jobs/{jobId}/retry', `/api/jobs/${id}/retry`, {}],
  ];
  for (const [code, route, path, init] of cases)
    expect([route, path, (await ask(route, path, init)).body?.['code']]).toEqual([route, path, code]);

  await ask(FLASHCARDS, undefined, json({ content: 'c' }));
  const full = await ask(FLASHCARDS, undefined, { ...json({ content: 'd' }), status: 429 });
  expect([full.body['code'], full.headers.get('retry-after'), full.headers.get('ratelimit')]).toEqual([
    'too_many_jobs',
    expect.any(String),
    expect.any(String),
  ]);
  for (let n = 0; n < 30; n++) await ask(FLASHCARDS, undefined, json({ content: 'e' }));
  expect((await ask(FLASHCARDS, undefined, { ...json({ content: 'f' }), status: 429 })).body['code']).toBe('rate_limited');

  await ask('DELETE /api/jobs/{jobId}', `/api/jobs/${id}`, { status: 204 });
  expect(await statusFor(stack, 'evil.example')).toBe(421);
});

test('what no worker can do, and a request that names nobody where somebody is needed, are refused as the document says', async () => {
  const { stack, ask } = await start({ NODE_ENV: 'production', AUTH: 'trusted-header' });
  await stack.startWorker();
  const lesson = await ask('POST /api/ai/generate-lesson', undefined, { ...json({ topic: 'Water' }), status: 501 });
  expect(lesson.body['code']).toBe('provider_not_configured');
  await ask(FLASHCARDS, undefined, { ...json({ content: 'a' }, { 'user-id': '' }), status: 401 });
  const { body: job } = await ask(FLASHCARDS, undefined, { ...json({ content: 'Hund: dog' }), status: 202 });
  await ask('GET /api/job-status/{jobId}', job['statusUrl'], { headers: {}, status: 200 });
  await ask('GET /api/job-status/{jobId}', job['statusUrl'].replace(/\?.*/, ''), { headers: {}, status: 401 });
});

test.skipIf(inject('postgresUrl') === undefined)('the routes of the archive answer the operator as the document says', async () => {
  const { ask } = await start((await startSupabase()).env);
  await ask('GET /admin/archive', undefined, { headers: OPERATOR, status: 200 });
  await ask('POST /admin/archive/retry', undefined, { headers: OPERATOR, status: 200 });
});

/** The status of an answer to a request with another Host header, which fetch does not send. */
function statusFor({ url }: Stack, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/health`, { headers: { host } }, (response) => resolve(response.resume().statusCode));
    sent.on('error', reject).end();
  });
}
