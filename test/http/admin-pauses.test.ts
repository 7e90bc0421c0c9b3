/** Operators pause all, a kind or a provider: what waits says so, what runs ends, and all goes on after it. */
import { expect, test } from 'vitest';
import { answerWith, latch, startOpenAI } from '../support/openai.ts';
import { openRedis } from '../support/keys.ts';
import { keysUnder } from '../../src/store/keys.ts';
import { isEnd, watch } from '../support/sse.ts';
import { actionsOf, ANA, BOB, operate, OPERATORS } from '../support/operators.ts';
import { startStack } from '../support/stack-in-process.ts';
import { submitJson } from '../support/submit.ts';

const TOKENS = OPERATORS;
const USER = { 'user-id': 'user' };

const change = (url: string, path: string, body: object, token = ANA) => operate(url, `POST ${path}`, body, token);

test('a paused kind waits with the reason in status, stream and poll; running jobs end; resumed, all complete', async () => {
  const go = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n === 1) await go.wait;
    return answerWith()(pen, call, n);
  });
  const stack = await startStack({ ...TOKENS, ...openai.env });
  await stack.startWorker();
  const running = await stack.submit({ content: 'Notes.', count: 1 }, USER);
  await expect.poll(async () => (await stack.get(running['statusUrl'], USER))['status']).toBe('active');

  const paused = await change(stack.url, '/admin/pause', { scope: 'kind', name: 'generate-flashcards', reason: 'The model is down.' });
  expect(paused.body).toMatchObject({
    result: 'paused',
    pauses: [{ scope: 'kind', name: 'generate-flashcards', reason: 'The model is down.' }],
  });
  await expect.poll(async () => (await stack.get('/ready'))['pauses']).toMatchObject([{ scope: 'kind', reason: 'The model is down.' }]);
  go.open();
  expect((await (await stack.watch(running)).until(isEnd)).event).toBe('completed');

  const waiting = await stack.submit({ content: 'More notes.', count: 1 }, USER);
  const stream = await stack.watch(waiting);
  const told = await stream.until(({ event, data }) => event === 'status' && data['paused'] !== undefined);
  expect(told.data['paused']).toEqual({ reason: 'The model is down.', since: expect.any(String) });
  const status = await stack.get(waiting['statusUrl'], USER);
  expect(status).toMatchObject({ status: 'waiting', position: 1, paused: { reason: 'The model is down.' } });
  expect(status['etaSeconds']).toBeUndefined();
  expect(JSON.stringify(status)).not.toContain('ana');
  const { jobs } = await stack.get('/api/jobs?status=waiting', USER);
  expect(jobs).toMatchObject([{ paused: { reason: 'The model is down.' } }]);
  const stats = await stack.get('/api/queue/stats');
  expect(stats).toMatchObject({ counts: { waiting: 1 }, pauses: [{ scope: 'kind', name: 'generate-flashcards' }] });
  expect(stats['paused']).toBeUndefined();

  // Another kind goes on.
  expect((await change(stack.url, '/admin/resume', { scope: 'kind', name: 'generate-flashcards' }, BOB)).body).toEqual({
    result: 'resumed',
    pauses: [],
  });
  await stream.until(({ event, data }) => event === 'status' && data['paused'] === undefined);
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(await actionsOf(stack)).toEqual(['ana: pause kind generate-flashcards: paused', 'bob: resume kind generate-flashcards: resumed']);
});

test('without lanes a paused kind waits in the queue that all share, another kind goes on, and resumed it completes at no cost of an attempt', async () => {
  const stack = await startStack({ ...TOKENS, LANES: 'off' });
  await stack.startWorker();
  const paused = await change(stack.url, '/admin/pause', { scope: 'kind', name: 'generate-flashcards', reason: 'The model is down.' });
  expect(paused.body).toMatchObject({ result: 'paused', workers: { live: 1, holding: 1 } });
  const job = await stack.submit({ content: 'Notes.', count: 1 }, USER);
  const lesson = await submitJson(stack, '/api/ai/generate-lesson', { content: 'Water boils at 100 degrees.' }, 'user');
  expect(await (await watch(stack.url + lesson.body['streamUrl'])).until(isEnd)).toMatchObject({ event: 'completed' });
  expect(await stack.get(`/api/jobs/${job['jobId']}`, USER)).toMatchObject({ status: 'waiting', paused: { reason: 'The model is down.' } });
  await change(stack.url, '/admin/resume', { scope: 'kind', name: 'generate-flashcards' });
  expect((await (await stack.watch(job)).until(isEnd)).event).toBe('completed');
  const { attempts } = (await operate(stack.url, `GET /admin/jobs/${job['jobId']}`)).body;
  expect(attempts).toEqual([{ attempt: 1 }]);
});

test('while all is paused no job begins, on workers that start then either; a poll with an ETag hears of it', async () => {
  const stack = await startStack(TOKENS);
  await stack.startWorker();
  const other = await stack.startApi();
  await change(stack.url, '/admin/pause', { scope: 'all' });
  const job = await stack.submit({ content: 'Notes.', count: 1 }, USER);
  await stack.startWorker();
  await expect.poll(async () => (await stack.get('/api/queue/stats'))['workers']).toBe(2);
  const seen = await fetch(stack.url + job['statusUrl'], { headers: USER });
  expect(await seen.json()).toMatchObject({ status: 'waiting', paused: {} });
  const known = { ...USER, 'if-none-match': seen.headers.get('etag') ?? '' };
  const news = fetch(`${other.url}${job['statusUrl']}?wait=25`, { headers: known });
  await change(other.url, '/admin/pause', { scope: 'all', reason: 'Still down.' }, BOB);
  expect(await (await news).json()).toMatchObject({ paused: { reason: 'Still down.' } });
  expect(await stack.get('/api/queue/stats')).toMatchObject({ paused: true, counts: { waiting: 1, active: 0 } });
  await change(stack.url, '/admin/resume', { scope: 'all' });
  expect((await (await stack.watch(job)).until(isEnd)).event).toBe('completed');
  expect(await actionsOf(stack)).toEqual(['ana: pause all: paused', 'bob: pause all: changed', 'ana: resume all: resumed']);
});

test('a paused provider is not called; a success of a call that was under way does not end the pause', async () => {
  const go = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n === 1) await go.wait;
    return answerWith()(pen, call, n);
  });
  const stack = await startStack({ ...TOKENS, ...openai.env });
  await stack.startWorker();
  const running = await stack.submit({ content: 'Notes.', count: 1 }, USER);
  await expect.poll(() => openai.calls.length).toBe(1);
  await change(stack.url, '/admin/pause', { scope: 'provider', name: 'openai', reason: 'It bills twice.' });
  go.open();
  expect((await (await stack.watch(running)).until(isEnd)).event).toBe('completed');
  const job = await stack.submit({ content: 'More.', count: 1 }, USER);
  const stream = await stack.watch(job);
  await stream.until(({ event, data }) => event === 'status' && data['paused']?.reason === 'It bills twice.');
  await change(stack.url, '/admin/resume', { scope: 'provider', name: 'openai' });
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(openai.calls).toHaveLength(2);
});

test('a pause with an end is over by itself, and the log says so', async () => {
  const stack = await startStack(TOKENS);
  const redis = openRedis();
  const { pauses } = keysUnder(stack.prefix).admin;
  await stack.startWorker();
  await change(stack.url, '/admin/pause', { scope: 'all', until: new Date(Date.now() + 3_600_000).toISOString() });
  const job = await stack.submit({ content: 'Notes.', count: 1 }, USER);
  const stream = await stack.watch(job);
  const told = await stream.until(({ event, data }) => event === 'status' && data['paused'] !== undefined);
  expect(told.data['paused'].until).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  const value = (await redis.hget(pauses, 'all')) ?? '';
  await redis.hset(pauses, 'all', value.replace(/^\d+/, '1')); // its time is over
  expect((await stream.until(isEnd)).event).toBe('completed');
  expect(await actionsOf(stack)).toEqual(['ana: pause all: paused', 'time: resume all: resumed']);
});

test('two operators at once: one pause, one end, and the log has all of it in one order', async () => {
  const stack = await startStack(TOKENS);
  const other = await stack.startApi();
  const both = (path: string) =>
    Promise.all([change(stack.url, path, { scope: 'all', reason: 'a' }), change(other.url, path, { scope: 'all', reason: 'b' }, BOB)]);
  expect((await both('/admin/pause')).map(({ body }) => String(body['result'])).toSorted()).toEqual(['changed', 'paused']);
  const [first = '', second = ''] = await actionsOf(stack);
  expect([first, second].map((text) => text.replace(/^\w+/, ''))).toEqual([': pause all: paused', ': pause all: changed']);
  expect((await stack.get('/api/queue/stats'))['pauses']).toMatchObject([{ reason: second.startsWith('ana') ? 'a' : 'b' }]); // the last one holds
  expect((await both('/admin/resume')).map(({ body }) => String(body['result'])).toSorted()).toEqual(['not paused', 'resumed']);
  expect((await actionsOf(stack)).slice(2).map((text) => text.replace(/^\w+/, ''))).toEqual([
    ': resume all: resumed',
    ': resume all: not paused',
  ]);
});

test('what can not be paused is refused, with the field at fault; entries of others harm nothing', async () => {
  const stack = await startStack(TOKENS);
  const refused = async (body: object) => {
    const answer = await change(stack.url, '/admin/pause', body);
    return [answer.status, answer.body['errors']?.[0].pointer];
  };
  expect(await refused({ scope: 'kind', name: 'no-kind' })).toEqual([400, '#/name']);
  expect(await refused({ scope: 'queue' })).toEqual([400, '#/scope']);
  expect(await refused({ scope: 'all', name: 'x' })).toEqual([400, '#']);
  expect(await refused({ scope: 'all', until: '2020-01-01T00:00:00Z' })).toEqual([400, '#/until']);
  expect(await refused({ scope: 'all', until: 'soon' })).toEqual([400, '#/until']);
  const redis = openRedis();
  const { pauses } = keysUnder(stack.prefix).admin;
  await redis.set(pauses, 'x');
  expect((await stack.get('/ready'))['status']).toBe('ready');
  await redis.hset(pauses, 'kind x', 'nonsense', 'provider', '0 1 {}', 'all', '0 1 none');
  await change(stack.url, '/admin/resume', { scope: 'kind', name: 'generate-audio' });
  expect((await stack.get('/api/queue/stats'))['pauses']).toEqual([{ scope: 'all', since: '1970-01-01T00:00:00.001Z' }]);
});
