/** A kind and a vendor from outside: both stand in this file alone, and get route, validation, worker, stream and provider. */
import { pino } from 'pino';
import { expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startApi } from '../src/api.ts';
import { loadConfig } from '../src/config.ts';
import { kinds } from '../src/kinds/index.ts';
import { defineKind } from '../src/kinds/kind.ts';
import { Parts } from '../src/process.ts';
import { fillLists, wantedList } from '../worker/kinds/fill-lists.ts';
import { type Handler, implement } from '../worker/handler.ts';
import { implementations } from '../worker/kinds/index.ts';
import { startWorker } from '../worker/start.ts';
import { vendors } from '../worker/vendors/index.ts';
import { defineVendor, type Offer } from '../worker/vendors/vendor.ts';
import { plainKind } from './support/plain-kind.ts';
import { isEnd, lasting, watch } from './support/sse.ts';
import { newPrefix } from './support/stack.ts';

/** The kind: what goes in, what comes out, and what a worker must be able to do for it. */
const haiku = defineKind({
  ...plainKind,
  name: 'write-haiku',
  path: '/api/ai/write-haiku',
  capability: 'structuredAnswer',
  summary: 'Writes a haiku and explains its words.',
  input: z.object({ theme: z.string().min(1).max(100), lines: z.int().min(1).max(3).default(3) }),
  result: z.object({ lines: z.array(z.string()), words: z.array(z.object({ word: z.string(), meaning: z.string() })) }),
});

/** Its handler: one answer with two lists. */
const writeHaiku: Handler<typeof haiku> = async (input, context) => {
  const line = z.string().min(1);
  const word = z.object({ word: z.string(), meaning: z.string() });
  await context.stage('writing', 10);
  await context.once('answer', () =>
    fillLists(context, {
      lists: {
        lines: wantedList({ item: line, itemLength: 200, keyOf: (text) => text, count: input.lines }),
        words: wantedList({ item: word, itemLength: 200, keyOf: (entry) => entry.word, count: 2 }),
      },
      percent: { from: 10, to: 90 },
      ask: (missing) => ({ kind: haiku.name, input, instructions: 'Write a haiku.', material: () => ({ ...input, missing }) }),
    }),
  );
  return { lines: context.items('lines') as string[], words: context.items('words') as z.infer<typeof word>[] };
};

/** The vendor: its variables, and the capability that it has where they are set. */
const poet = defineVendor({
  name: 'poet',
  keys: ['POET_NAME'],
  variables: { POET_NAME: z.string().optional() },
  offers({ POET_NAME: name }, { guard }) {
    if (name === undefined) return { structuredAnswer: { available: false, missing: ['POET_NAME'], kinds: [haiku.name] } };
    const author = { provider: 'poet', model: name };
    const work = guard<Parameters<Write>[0], 'whole'>('poet', async ({ input, take, whole }, report) => {
      const call = await report.startCall({ inputTokens: 1, outputTokens: 0 }, author);
      await report.begun();
      const { theme } = input as z.infer<typeof haiku.input>;
      for (const text of ['old pond', `a ${theme} leaps in`, 'the sound of water']) await take('lines', text);
      for (const entry of ['pond', theme]) await take('words', { word: entry, meaning: `what ${entry} means` });
      whole();
      await call.settle({ inputTokens: 1, outputTokens: 12 });
      return 'whole';
    });
    return { structuredAnswer: { available: true, work, author, kinds: [haiku.name], answers: name } };
  },
});

type Write = Extract<Offer<'structuredAnswer'>, { available: true }>['work'];

/** API and worker in this process, with the kind and the vendor among their own. */
async function start(env: Record<string, string>): Promise<string> {
  const log = pino({ level: 'silent' });
  const environment = { REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), PORT: '0', WORKER_HEALTH_PORT: '0', ...env };
  const fail = (error: unknown) => expect.fail(String(error));
  const parts = new Parts();
  onTestFinished(() => parts.close(fail));
  const { port } = await startApi({ config: loadConfig(environment, 'api'), log, version: '1', kinds: [...kinds, haiku] }, parts, fail);
  const all = [...vendors, poet];
  const options = { config: loadConfig(environment, 'worker', all), log, version: '1', vendors: all };
  await startWorker({ ...options, implementations: [...implementations, implement(haiku, writeHaiku)] }, parts, fail);
  return `http://127.0.0.1:${port}`;
}

const post = (url: string, body: unknown) =>
  fetch(`${url}/api/ai/write-haiku`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test('a kind and a vendor that no other file knows are served from the route to the provider', async () => {
  const url = await start({ POET_NAME: 'basho' });
  const listed = (await (await fetch(`${url}/api/kinds`)).json()) as { kinds: object[] };
  expect(listed.kinds).toContainEqual({
    name: 'write-haiku',
    path: '/api/ai/write-haiku',
    summary: 'Writes a haiku and explains its words.',
    available: true,
    provider: 'poet',
    model: 'basho',
  });

  const refused = await post(url, { theme: '' });
  expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'invalid_input', errors: [{ pointer: '#/theme' }] }]);

  const accepted = await post(url, { theme: 'frog' });
  const job = (await accepted.json()) as Record<string, string>;
  expect([accepted.status, job['jobId']]).toMatchObject([202, expect.stringMatching(/^write-haiku-/)]);
  const stream = await watch(url + job['streamUrl']);
  const end = await stream.until(isEnd);
  const result = {
    lines: ['old pond', 'a frog leaps in', 'the sound of water'],
    words: [
      { word: 'pond', meaning: 'what pond means' },
      { word: 'frog', meaning: 'what frog means' },
    ],
  };
  expect(end).toMatchObject({ event: 'completed', data: { result, usage: { inputTokens: 1, outputTokens: 12 } } });
  const items = lasting(stream.events).filter(({ event }) => event === 'item');
  expect(items.map(({ data }) => [data['list'], data['index'], data['value']])).toEqual([
    ...result.lines.map((line, index) => ['lines', index, line]),
    ...result.words.map((word, index) => ['words', index, word]),
  ]);
  const seen = (await (await fetch(url + job['statusUrl'])).json()) as Record<string, unknown>;
  expect(seen).toMatchObject({ kind: 'write-haiku', provider: 'poet', model: 'basho' });
});

test('without its variable the kind is refused with the name of what is missing, and the others are served', async () => {
  const url = await start({});
  const refused = await post(url, { theme: 'frog' });
  const problem = (await refused.json()) as Record<string, string>;
  expect([refused.status, problem['code'], problem['detail']]).toEqual([
    501,
    'provider_not_configured',
    expect.stringContaining('POET_NAME'),
  ]);
  const listed = (await (await fetch(`${url}/api/kinds`)).json()) as { kinds: object[] };
  const has = (kind: object) => expect(listed.kinds).toContainEqual(expect.objectContaining(kind));
  has({ name: 'generate-flashcards', available: true, provider: 'offline' });
  has({ name: 'write-haiku', available: false, missing: expect.arrayContaining(['POET_NAME']) });
});
