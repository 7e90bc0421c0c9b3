/** What the API does not take: a clear 4xx each time, never a 5xx, never a hang. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { watch } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const PATH = '/api/ai/generate-flashcards';
const JSON_TYPE = { 'content-type': 'application/json' };

const post = (stack: Stack, body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = JSON_TYPE) =>
  fetch(stack.url + PATH, { method: 'POST', headers, body });

async function problemOf(response: Response): Promise<Record<string, any>> {
  const problem = (await response.json()) as Record<string, any>;
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(problem).toMatchObject({
    status: response.status,
    type: `/problems/${problem['code']}`,
    title: expect.any(String),
    detail: expect.any(String),
  });
  expect(problem['requestId']).toBe(response.headers.get('x-request-id'));
  expect(JSON.stringify(problem)).not.toMatch(/\n\s+at |node_modules|\.ts:/);
  return problem;
}

test('bad bodies', async () => {
  const stack = await startStack();
  const cases: [
    name: string,
    body: Uint8Array<ArrayBuffer> | string,
    headers: Record<string, string>,
    status: number,
    code: string,
    pointer?: string,
  ][] = [
    ['malformed JSON', '{"content":', JSON_TYPE, 400, 'invalid_json'],
    ['empty body', '', JSON_TYPE, 400, 'invalid_json'],
    ['not an object', '[1]', JSON_TYPE, 400, 'invalid_input', '#'],
    ['no content', '{}', JSON_TYPE, 400, 'invalid_input', '#/content'],
    ['empty content', '{"content":""}', JSON_TYPE, 400, 'invalid_input', '#/content'],
    ['blank content', '{"content":"  \\n "}', JSON_TYPE, 400, 'invalid_input', '#/content'],
    ['content of the wrong type', '{"content":5}', JSON_TYPE, 400, 'invalid_input', '#/content'],
    ['content too long', JSON.stringify({ content: 'a'.repeat(100_001) }), JSON_TYPE, 400, 'invalid_input', '#/content'],
    ['count too large', '{"content":"a","count":51}', JSON_TYPE, 400, 'invalid_input', '#/count'],
    ['count not whole', '{"content":"a","count":1.5}', JSON_TYPE, 400, 'invalid_input', '#/count'],
    ['count as text', '{"content":"a","count":"5"}', JSON_TYPE, 400, 'invalid_input', '#/count'],
    ['no language', '{"content":"a","language":"not a tag"}', JSON_TYPE, 400, 'invalid_input', '#/language'],
    ['user of the wrong type', '{"content":"a","userId":{}}', JSON_TYPE, 400, 'invalid_input', '#/userId'],
    ['null', '{"content":null}', JSON_TYPE, 400, 'invalid_input', '#/content'],
    ['form', 'content=a', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'unsupported_media_type'],
    ['text', 'a', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['no type', new Uint8Array([123, 125]), {}, 415, 'unsupported_media_type'],
    ['30 MB', new Uint8Array(30_000_000).fill(97), JSON_TYPE, 413, 'payload_too_large'],
    ['user-id too long', '{"content":"a"}', { ...JSON_TYPE, 'user-id': 'x'.repeat(300) }, 400, 'invalid_input'],
  ];
  for (const [name, body, headers, status, code, pointer] of cases) {
    const response = await post(stack, body, headers);
    expect([name, response.status], name).toEqual([name, status]);
    const problem = await problemOf(response);
    expect(problem['code'], name).toBe(code);
    if (pointer) expect(problem['errors'], name).toContainEqual({ pointer, detail: expect.any(String) });
  }
  const chunked = await fetch(stack.url + PATH, {
    method: 'POST',
    headers: JSON_TYPE,
    body: new Blob([new Uint8Array(30_000_000)]).stream(),
    duplex: 'half',
  });
  expect(chunked.status).toBe(413);
  expect((await stack.get('/api/queue/stats'))['depth']).toBe(0);
});

test('several mistakes are told at once', async () => {
  const stack = await startStack();
  const problem = await problemOf(await post(stack, '{"count":0,"subject":7}'));
  expect(problem['errors'].map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(['#/content', '#/count', '#/subject']);
});

test("ids that are no job: the queue's own keys, strange characters, unknown and malformed ones", async () => {
  const stack = await startStack();
  const ids = [
    'meta',
    'wait',
    'events',
    'active',
    'id',
    '1',
    '%00',
    '%E0%A4%A',
    '*',
    'generate-flashcards-short',
    `generate-flashcards-${'A'.repeat(32)}`,
    `generate-flashcards-${'A'.repeat(32)}:logs`,
    'x'.repeat(5000),
  ];
  for (const id of ids) {
    for (const path of [`/api/jobs/${id}`, `/api/job-status/${id}`, `/api/jobs/${id}/events`]) {
      const response = await fetch(stack.url + path);
      expect([id, response.status]).toEqual([id, 404]);
      await problemOf(response);
    }
  }
  expect((await fetch(`${stack.url}/ready`)).status).toBe(200);
});

test('addresses and methods that are not there', async () => {
  const stack = await startStack();
  expect((await problemOf(await fetch(`${stack.url}/nothing`)))['code']).toBe('not_found');
  const response = await fetch(stack.url + PATH);
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toContain('POST');
  expect((await problemOf(response))['code']).toBe('method_not_allowed');
});

test("another user's job answers exactly like one that does not exist", async () => {
  const stack = await startStack();
  const job = await stack.submit({ content: 'a' }, { 'user-id': 'ana' });
  const nobodys = `/api/jobs/generate-flashcards-${'A'.repeat(32)}`;
  const strip = (problem: Record<string, any>) => ({ ...problem, requestId: '' });
  for (const tail of ['', '/events']) {
    const path = `/api/jobs/${job['jobId']}${tail}`;
    const others = await fetch(stack.url + path, { headers: { 'user-id': 'bob' } });
    expect(others.status).toBe(404);
    expect(strip(await problemOf(others))).toEqual(strip(await problemOf(await fetch(stack.url + nobodys + tail))));
  }
  expect((await fetch(stack.url + job['statusUrl'], { headers: { 'user-id': 'bob' } })).status).toBe(404);
  expect((await fetch(stack.url + job['statusUrl'], { headers: { 'user-id': 'ana' } })).status).toBe(200);
  expect((await fetch(stack.url + job['statusUrl'])).status).toBe(200); // by the id alone, as the first clients read
  for (const name of ['josé', 'ana ', '日本']) {
    const theirs = await stack.submit({ content: 'a', userId: name });
    const header = Buffer.from(name.trim()).toString('latin1'); // as curl sends it
    expect([name, (await fetch(stack.url + theirs['statusUrl'], { headers: { 'user-id': header } })).status]).toEqual([name, 200]);
  }
  const body = await stack.submit({ content: 'a', userId: 'cleo' });
  expect((await fetch(stack.url + body['statusUrl'], { headers: { 'user-id': 'bob' } })).status).toBe(404);
});

test('behind a gateway only its header says who calls', async () => {
  const stack = await startStack({ NODE_ENV: 'production', AUTH: 'trusted-header' });
  const job = await stack.submit({ content: 'a', userId: 'victim' }, { 'user-id': 'mallory' });
  expect((await fetch(`${stack.url}/api/jobs/${job['jobId']}`, { headers: { 'user-id': 'victim' } })).status).toBe(404);
  expect((await fetch(`${stack.url}/api/jobs/${job['jobId']}`, { headers: { 'user-id': 'mallory' } })).status).toBe(200);
});

test("stream tokens open one job's stream, and only a true one does", async () => {
  const stack = await startStack();
  const [job, other] = [
    await stack.submit({ content: 'a' }, { 'user-id': 'ana' }),
    await stack.submit({ content: 'b' }, { 'user-id': 'ana' }),
  ];
  const [path, token = ''] = (job['streamUrl'] as string).split('?token=');
  const status = async (url: string) => (await fetch(stack.url + url, { headers: { 'user-id': 'bob' }, method: 'HEAD' })).status;
  expect(await status(`${path}?token=${token}`)).toBe(200);
  expect(await status(path ?? '')).toBe(404);
  expect(await status(`${other['streamUrl'].split('?')[0]}?token=${token}`)).toBe(401);
  for (const forged of ['', 'x', '.', `${token}x`, `zzzzzz.${token.split('.')[1]}`, `1.${token.split('.')[1]}`]) {
    const response = await fetch(`${stack.url}${path}?token=${forged}`);
    expect([forged, response.status]).toEqual([forged, 401]);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    await problemOf(response);
  }
});

test('a cursor the job never had, or a malformed one, brings a reset and everything', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const waiting = await stack.submit();
  const ended = await (await stack.watch(waiting)).until(({ event }) => event === 'completed');
  for (const cursor of ['abc', '-1', '1.5']) {
    const stream = await stack.watch(waiting, { 'last-event-id': cursor });
    await stream.ended;
    expect(stream.events[0]?.event).toBe('reset');
    expect(stream.events.filter(({ id }) => id).map(({ id }) => id)).toEqual(['1', '2', '3']);
  }
  for (const cursor of [ended.id ?? '', '99']) expect((await stack.watch(waiting, { 'last-event-id': cursor })).response.status).toBe(204);
  const byQuery = await watch(`${stack.url}${waiting['streamUrl']}&lastEventId=2`);
  await byQuery.ended;
  expect(byQuery.events.filter(({ id }) => id).map(({ id }) => id)).toEqual(['3']);
  const header = await watch(`${stack.url}${waiting['streamUrl']}&lastEventId=2`, { 'last-event-id': '3' });
  expect(header.response.status).toBe(204); // the header wins
});

test('a cursor ahead of a job that still waits is one it never had', async () => {
  const stack = await startStack();
  const job = await stack.submit();
  const stream = await stack.watch(job, { 'last-event-id': '5' });
  await stream.until(({ event }) => event === 'reset');
  await stack.startWorker();
  await stream.until(({ event }) => event === 'completed');
  expect(stream.events.filter(({ id }) => id).map(({ id }) => id)).toEqual(['1', '2', '3']);
});

test('a HEAD request for a stream follows nothing', async () => {
  const stack = await startStack();
  const job = await stack.submit();
  expect((await fetch(stack.url + job['streamUrl'], { method: 'HEAD' })).headers.get('content-type')).toContain('text/event-stream');
  expect(await stack.get('/health')).toMatchObject({ followers: 0 });
});

test('a request that never ends its head is not served for ever, and does not hold up others', async () => {
  const stack = await startStack();
  const { port } = new URL(stack.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`);
  await stack.submit();
  socket.destroy();
});

test('what is wrong with a field is said in words, once for each field', async () => {
  const stack = await startStack();
  const detailsOf = async (path: string, body: object) => {
    const response = await fetch(stack.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { errors } = (await response.json()) as { errors: { pointer: string; detail: string }[] };
    return [response.status, ...errors.map(({ pointer, detail }) => `${pointer} ${detail}`)];
  };
  const cards = '/api/ai/generate-flashcards';
  expect(await detailsOf(cards, {})).toEqual([400, '#/content is missing']);
  expect(await detailsOf(cards, { content: 7, count: 'many' })).toEqual([400, '#/content must be a text', '#/count must be a number']);
  expect(await detailsOf(cards, { content: 'a', count: 51 })).toEqual([400, '#/count must be 50 at most']);
  expect(await detailsOf(cards, { content: 'a', count: 0 })).toEqual([400, '#/count must be 1 at least']);
  expect(await detailsOf('/api/ai/generate-audio', { text: '', format: 'ogg' })).toEqual([
    400,
    '#/text must have 1 character at least',
    '#/format must be mp3 or wav',
  ]);
});
