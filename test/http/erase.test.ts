/** Erasing: nothing of a job stays in Redis, whatever state it was in; and nothing of another user's goes. */
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { card, pieces, startOpenAI } from '../support/openai.ts';
import { wav } from '../support/recordings.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';
import { form, startSlices } from '../support/uploads.ts';

const ANA = { 'user-id': 'ana' };
const BOB = { 'user-id': 'bob' };

/** All that Redis holds under a prefix, as one text: keys, values, fields, members and events. */
async function contentOf(prefix: string): Promise<string> {
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  const parts: string[] = [];
  for (const key of await redis.keys(`${prefix}*`)) {
    const read: Record<string, () => Promise<unknown>> = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, '0', '-1'),
      stream: () => redis.xrange(key, '-', '+'),
    };
    parts.push(key, JSON.stringify(await read[await redis.type(key)]?.()));
  }
  return parts.join('\n');
}

const erase = (url: string, path: string, headers: Record<string, string>) => fetch(url + path, { method: 'DELETE', headers });

test('a job that has ended goes with its items, result, events and key; its user can use the key again', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const submit = () => stack.submit({ content: 'Quagga: an animal' }, { ...ANA, 'idempotency-key': 'one' });
  const job = await submit();
  await (await stack.watch(job)).until(isEnd);
  const others = await stack.submit({ content: 'Okapi: an animal' }, BOB);
  await (await stack.watch(others)).until(isEnd);
  expect(await contentOf(stack.prefix)).toContain('Quagga');

  const { status, headers, body } = await erase(stack.url, `/api/jobs/${job['jobId']}`, ANA);
  expect([status, headers.get('content-length'), body]).toEqual([204, null, null]);
  const left = await contentOf(stack.prefix);
  expect(left).not.toContain('Quagga');
  expect(left.split(job['jobId'])).toHaveLength(2); // BullMQ's event that it was removed
  expect(left).toContain('Okapi');

  const statuses = await Promise.all(
    [job['statusUrl'], job['streamUrl'], job['cancelUrl']].map(async (path, n) => {
      const response = await fetch(stack.url + path, { method: n === 2 ? 'POST' : 'GET', headers: ANA });
      return response.status;
    }),
  );
  expect(statuses).toEqual([404, 404, 404]);
  expect((await erase(stack.url, `/api/jobs/${job['jobId']}`, ANA)).status).toBe(404);
  expect(await stack.get('/api/jobs', ANA)).toEqual({ jobs: [] });
  expect((await submit())['jobId']).not.toBe(job['jobId']);
});

test('a job that runs is cancelled down to the socket, its streams are closed, and its run writes nothing more', async () => {
  const openai = await startOpenAI((pen) => pen.text(pieces([card(1)]).open + pieces([card(1)]).cards[0]));
  const stack = await startStack(openai.env);
  await stack.startWorker();
  const job = await stack.submit({ content: 'Quagga: an animal' }, ANA);
  const stream = await stack.watch(job);
  await stream.until(({ event }) => event === 'item');
  expect((await erase(stack.url, `/api/jobs/${job['jobId']}`, ANA)).status).toBe(204);
  await openai.calls[0]?.dropped;
  await stream.ended;
  const next = await stack.submit({ content: 'Okapi: an animal' }, ANA); // it is taken after all that the first run still did
  await (await stack.watch(next)).until(({ event }) => event === 'item');
  const left = await contentOf(stack.prefix);
  expect(left).not.toContain('Quagga');
  expect(left.split(job['jobId']).length - 1).toBeLessThanOrEqual(1);
  expect(await stack.get('/api/queue/stats')).toMatchObject({ counts: { waiting: 0, active: 1 } });
});

test('a job that waits goes, and its place and its files with it', async () => {
  const { url, prefix, send, files, used, get } = await startSlices({ MAX_JOBS_PER_USER: '1' });
  const first = await send(form(wav(1)), ANA);
  expect((await send(form(wav(1)), ANA)).status).toBe(429);
  expect((await erase(url, `/api/jobs/${first.body['jobId']}`, BOB)).status).toBe(404);
  expect(await files()).toHaveLength(1);
  expect((await erase(url, `/api/jobs/${first.body['jobId']}`, ANA)).status).toBe(204);
  expect([await files(), await used(), (await get('/api/queue/stats'))['depth']]).toEqual([[], {}, 0]);
  expect((await send(form(wav(1)), ANA)).status).toBe(202);
  expect((await contentOf(prefix)).split(first.body['jobId']).length - 1).toBe(1);
});

test('all that is a user goes at once, counted; what is another user stays, and so do the limits of the day', async () => {
  const { url, prefix, send, watch, startWorker, files, get } = await startSlices({ MAX_JOBS_PER_USER: '1000' });
  const keyed = await send(form(wav(1)), { ...ANA, 'idempotency-key': 'k' });
  const others = await send(form(wav(1)), BOB);
  const worker = await startWorker();
  for (const { body } of [keyed, others]) await (await watch(body)).until(isEnd);
  const kept = (await files()).filter((name) => name.startsWith(others.body['jobId']));
  const waiting: Awaited<ReturnType<typeof send>>[] = [];
  while (waiting.length < 120) {
    const some = Array.from({ length: 20 }, () => send(form(wav(1), { trouble: 'fails for good' }), ANA)); // a busy machine has 750 ms for each
    waiting.push(...(await Promise.all(some)));
  }
  expect(waiting.filter(({ status }) => status !== 202)).toEqual([]);

  expect((await erase(url, '/api/me/data', {})).status).toBe(401);
  const answer = await erase(url, '/api/me/data', ANA);
  const counts = (await answer.json()) as Record<string, number>;
  expect([answer.status, counts]).toMatchObject([200, { jobs: 121, results: 1, keys: 1 }]);
  expect(counts['files']).toBeGreaterThanOrEqual(3); // two parts and the whole
  expect(await files()).toEqual(kept);
  await worker.stop(); // it hands on the errors of its last second
  const left = await contentOf(prefix);
  const idsLeft = [keyed, ...waiting].map(({ body }) => left.split(body['jobId']).length - 1);
  expect(Math.max(...idsLeft)).toBeLessThanOrEqual(1); // BullMQ's event that it was removed
  expect([await get('/api/jobs', ANA), (await get('/api/jobs', BOB))['jobs']]).toMatchObject([{ jobs: [] }, [{ status: 'completed' }]]);
  expect(await (await erase(url, '/api/me/data', ANA)).json()).toEqual({ jobs: 0, results: 0, files: 0, keys: 0 });
});

test('garbage under the ids of jobs does not keep an erasure going for ever', async () => {
  const { url, redis, keys, send } = await startSlices();
  const job = await send(form(wav(1)), ANA);
  const id = (letter: string) => `slice-audio-${letter.repeat(32)}`;
  await redis.hset(keys.job(id('a')), { 'ai:child': 'x' });
  await redis.set(keys.job(id('b')), 'x');
  await redis.hset(keys.job(id('c')), { timestamp: '7' });
  for (const letter of ['a', 'b', 'c']) await redis.zadd(keys.jobsOf('ana'), '1', id(letter));
  const answer = await erase(url, '/api/me/data', ANA);
  expect([answer.status, await answer.json()]).toMatchObject([200, { results: 0, files: 1 }]);
  expect(await redis.exists(keys.job(job.body['jobId']))).toBe(0);
});
