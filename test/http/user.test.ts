/** All of a user's jobs: the list, and the one connection on which they happen. */
import { expect, test } from 'vitest';
import { answerWith, latch, startOpenAI } from '../support/openai.ts';
import { isEnd, watch } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';

const ANA = { 'user-id': 'ana' };

test('a snapshot of what is unfinished and just finished, then every status and end; never a row, an id or a stranger', async () => {
  const go = latch();
  const openai = await startOpenAI(async (pen, call, n) => {
    if (n > 1) await go.wait;
    answerWith()(pen, call, n);
  });
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const done = await stack.submit({ content: 'First.' }, ANA);
  await (await stack.watch(done)).until(isEnd);
  const running = await stack.submit({ content: 'Second.' }, ANA);
  await (await stack.watch(running)).until(({ data }) => data['stage'] === 'generating');

  const mine = await watch(`${stack.url}/api/events`, ANA);
  const others = await watch(`${stack.url}/api/events`, { 'user-id': 'bob' });
  await mine.until(({ event, data }) => event === 'completed' && data['jobId'] === done['jobId']);
  await mine.until(({ data }) => data['jobId'] === running['jobId'] && data['status'] === 'active');

  const fresh = await stack.submit({ content: 'Third.' }, ANA);
  const bobs = await stack.submit({ content: 'Fourth.' }, { 'user-id': 'bob' });
  await mine.until(({ data }) => data['jobId'] === fresh['jobId'] && data['status'] === 'active');
  go.open();
  const end = await mine.until(({ event, data }) => event === 'completed' && data['jobId'] === fresh['jobId']);
  expect(end.data['result'].flashcards).toHaveLength(10);
  await mine.until(({ event, data }) => event === 'completed' && data['jobId'] === running['jobId']);
  await others.until(({ event, data }) => event === 'completed' && data['jobId'] === bobs['jobId']);

  expect(mine.events.filter(({ event }) => isEnd({ event, data: {} }))).toHaveLength(3);
  expect(mine.events.every(({ id, data }) => id === undefined && data['jobId'] !== bobs['jobId'])).toBe(true);
  expect(others.events.every(({ data }) => data['jobId'] === bobs['jobId'])).toBe(true);
  expect(mine.retries).toEqual([2000]); // an end is no reason to stop listening

  const again = await watch(`${stack.url}/api/events`, { ...ANA, 'last-event-id': 'anything' });
  await again.until(({ data }) => data['jobId'] === fresh['jobId']);
  expect(again.events.map(({ event, data }) => [event, data['jobId']])).toEqual(
    [done, running, fresh].map((job) => ['completed', job['jobId']]),
  );
});

test('who does not say who they are is asked to', async () => {
  const stack = await startStack();
  for (const path of ['/api/events', '/api/jobs']) {
    const response = await fetch(stack.url + path);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
  }
});

test('the list has the newest first, page by page, without results', async () => {
  const stack = await startStack();
  const jobs: string[] = [];
  for (let n = 0; n < 7; n++) jobs.unshift((await stack.submit({ content: 'Hund: dog' }, ANA))['jobId']);
  await stack.submit({ content: 'a' }, { 'user-id': 'bob' });
  const seen: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: Record<string, any> = await stack.get(`/api/jobs?limit=3${cursor && `&cursor=${cursor}`}`, ANA);
    seen.push(...page['jobs'].map(({ jobId }: { jobId: string }) => jobId));
    cursor = page['nextCursor'];
  }
  expect(seen).toEqual(jobs);

  await stack.startWorker();
  await (await stack.watch(await stack.submit({ content: 'Hund: dog' }, ANA))).until(isEnd);
  const list = async () => (await stack.get('/api/jobs?status=completed&kind=generate-flashcards', ANA))['jobs'] as object[];
  await expect.poll(list).toHaveLength(8); // three run at once: the last to start may be done before another
  const completed = await list();
  expect(completed[0]).toMatchObject({ status: 'completed', statusUrl: expect.any(String) });
  expect(completed[0]).not.toHaveProperty('result');
  expect(await stack.get('/api/jobs?status=failed', ANA)).toEqual({ jobs: [] });
  for (const bad of ['limit=0', 'limit=1000', 'status=done', 'cursor=x', 'cursor=1~wait']) {
    expect([bad, (await fetch(`${stack.url}/api/jobs?${bad}`, { headers: ANA })).status]).toEqual([bad, 400]);
  }
});

test('jobs that are submitted in one burst are listed once each, whatever their times', async () => {
  const stack = await startStack();
  await Promise.all(Array.from({ length: 30 }, () => stack.submit({ content: 'a' }, ANA)));
  const seen: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: Record<string, any> = await stack.get(`/api/jobs?limit=4${cursor && `&cursor=${cursor}`}`, ANA);
    seen.push(...page['jobs'].map(({ jobId }: { jobId: string }) => jobId));
    cursor = page['nextCursor'];
  }
  expect([seen.length, new Set(seen).size]).toEqual([30, 30]);
});

test('an unfinished job is in the snapshot, however many newer ones have ended', async () => {
  const stack = await startStack({ RATE_LIMIT_MAX: '1000' });
  const waiting = await stack.submit({ content: 'a' }, ANA);
  for (let n = 0; n < 10; n++) {
    const jobs = await Promise.all(Array.from({ length: 11 }, () => stack.submit({ content: 'a' }, ANA)));
    await Promise.all(jobs.map((job) => fetch(stack.url + job['cancelUrl'], { method: 'POST', headers: ANA })));
  }
  const stream = await watch(`${stack.url}/api/events`, ANA);
  const seen = await stream.until(({ data }) => data['jobId'] === waiting['jobId']);
  expect(seen).toMatchObject({ event: 'status', data: { status: 'waiting' } });
  stream.leave();
});
