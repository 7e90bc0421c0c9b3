/** A job that leads to another, as its client sees it: by an event and in the result, each with addresses that can be used at once. */
import { pino } from 'pino';
import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startApi } from '../../src/api.ts';
import { loadConfig } from '../../src/config.ts';
import { flashcards } from '../../src/kinds/flashcards.ts';
import { childMarker, defineKind } from '../../src/kinds/kind.ts';
import { kinds } from '../../src/kinds/index.ts';
import { Parts } from '../../src/process.ts';
import { type Handler, implement } from '../../worker/handler.ts';
import { implementations } from '../../worker/kinds/index.ts';
import { startWorker } from '../../worker/start.ts';
import { vendors } from '../../worker/vendors/index.ts';
import { defineVendor } from '../../worker/vendors/vendor.ts';
import { plainKind } from '../support/plain-kind.ts';
import { isEnd, lasting, watch } from '../support/sse.ts';
import { newPrefix } from '../support/stack.ts';

/** A kind that leads to flashcards. */
const note = defineKind({
  ...plainKind,
  name: 'tidy-note',
  path: '/api/tidy-note',
  capability: 'imageText',
  summary: 'Tidies a note.',
  input: z.object({ text: z.string(), cards: z.boolean().default(true) }),
  result: z.object({ text: z.string(), child: childMarker.optional() }),
  next: ({ cards }) =>
    cards ? { kind: flashcards, expected: { content: '' }, inputFrom: ({ text }) => ({ content: text, count: 2 }) } : undefined,
});

const tidy: Handler<typeof note> = async ({ text }) => ({ text: text.trim() });

/** It does what the kind needs; nobody asks it. */
const tidier = defineVendor({
  name: 'tidier',
  keys: [],
  variables: {},
  offers: () => ({
    imageText: {
      available: true,
      work: () => Promise.reject(new Error('nobody asks it')),
      author: { provider: 'tidier' },
      kinds: [note.name],
      answers: 'tidier',
    },
  }),
});

async function start(env: Record<string, string> = {}, workerEnv: Record<string, string> = {}, implemented = implementations) {
  const log = pino({ level: 'silent' });
  const prefix = newPrefix();
  const environment = { REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: prefix, PORT: '0', WORKER_HEALTH_PORT: '0', ...env };
  const fail = (error: unknown) => expect.fail(String(error));
  const parts = new Parts();
  onTestFinished(() => parts.close(fail));
  const { port } = await startApi({ config: loadConfig(environment, 'api'), log, version: '1', kinds: [...kinds, note] }, parts, fail);
  const all = [tidier, ...vendors];
  const options = { config: loadConfig({ ...environment, ...workerEnv }, 'worker', all), log, version: '1', vendors: all };
  await startWorker({ ...options, implementations: [...implemented, implement(note, tidy)] }, parts, fail);
  const url = `http://127.0.0.1:${port}`;
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/tidy-note`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return { url, post, prefix };
}

const TEXT = ' Water boils at 100 degrees Celsius. The mitochondrion is the power plant of the cell. ';

test('one submission leads to both jobs: the child is followed by its event, and stands in the result', async () => {
  const { url, post, prefix } = await start();
  const job = (await (await post({ text: TEXT }, { 'user-id': 'ana' })).json()) as Record<string, string>;
  const stream = await watch(url + job['streamUrl']);
  const { id, data } = await stream.until(({ event }) => event === 'child');
  const { jobId, statusUrl, streamUrl } = data['child'] as Record<string, string>;
  expect([data['jobId'], jobId, id]).toEqual([job['jobId'], expect.stringMatching(/^generate-flashcards-/), String(data['seq'])]);
  const end = await stream.until(isEnd);
  expect(end).toMatchObject({ event: 'completed', data: { result: { text: TEXT.trim(), child: data['child'] } } });

  const childStream = await watch(url + streamUrl); // by its token alone
  const childEnd = await childStream.until(isEnd);
  expect(childEnd).toMatchObject({ event: 'completed', data: { jobId } });
  expect(childEnd.data['result'].flashcards).toHaveLength(2);

  const read = async (path: string) => (await (await fetch(url + path, { headers: { 'user-id': 'ana' } })).json()) as Record<string, any>;
  expect(await read(statusUrl ?? '')).toMatchObject({ jobId, kind: 'generate-flashcards', status: 'completed' });
  expect((await read(job['statusUrl'] ?? ''))['result'].child).toEqual({ jobId, statusUrl, streamUrl });
  const listed = (await read('/api/jobs'))['jobs'] as { jobId: string }[];
  expect(new Set(listed.map((each) => each.jobId))).toEqual(new Set([jobId, job['jobId']]));

  const again = await watch(url + job['streamUrl']);
  await again.until(isEnd);
  expect(lasting(again.events)).toEqual(lasting(stream.events));
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  const record = JSON.stringify([
    await redis.hgetall(`${prefix}:ai-jobs:${job['jobId']}`),
    await redis.lrange(`${prefix}:ai-jobs:${job['jobId']}:logs`, 0, -1),
  ]);
  expect([record.includes(jobId ?? ''), record.includes('token=')]).toEqual([true, false]);
});

test('where an identity is required both addresses of the child carry its token, and are no use to another user', async () => {
  const { url, post } = await start({ AUTH: 'trusted-header' });
  const job = (await (await post({ text: TEXT }, { 'user-id': 'ana', prefer: 'wait=20' })).json()) as Record<string, any>;
  const { jobId, statusUrl, streamUrl } = job['result'].child;
  expect([(await fetch(url + statusUrl)).status, (await fetch(url + streamUrl)).status]).toEqual([200, 200]);
  expect((await fetch(`${url}/api/jobs/${jobId}`, { headers: { 'user-id': 'bob' } })).status).toBe(404);
});

test('a job that leads to nothing says nothing of a child', async () => {
  const { url, post } = await start();
  const job = (await (await post({ text: TEXT, cards: false })).json()) as Record<string, string>;
  const stream = await watch(url + job['streamUrl']);
  const end = await stream.until(isEnd);
  expect([end.data['result'], stream.events.some(({ event }) => event === 'child')]).toEqual([{ text: TEXT.trim() }, false]);
});

test("a job is refused where no worker can do its child's kind", async () => {
  const { post } = await start({}, {}, []);
  const refused = await post({ text: TEXT });
  expect([refused.status, await refused.json()]).toMatchObject([
    501,
    { code: 'provider_not_configured', detail: expect.stringContaining('generate-flashcards') },
  ]);
  expect((await post({ text: TEXT, cards: false })).status).toBe(202);
});

test("the user's stream tells of both jobs, the parent's end with the child's addresses", async () => {
  const { url, post } = await start();
  const all = await watch(`${url}/api/events`, { 'user-id': 'ana' });
  const job = (await (await post({ text: TEXT }, { 'user-id': 'ana' })).json()) as Record<string, string>;
  const end = await all.until(({ event, data }) => event === 'completed' && data['jobId'] === job['jobId']);
  const { jobId, streamUrl } = end.data['result'].child;
  expect(streamUrl).toContain('?token=');
  await all.until(({ event, data }) => event === 'completed' && data['jobId'] === jobId);
});
