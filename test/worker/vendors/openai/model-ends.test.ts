/** The announced ends of models: read out of the SDK, found by name, and told to who runs the service. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nearEnds } from '../../../../src/job/model-end.ts';
import { endsIn, printModelEnds, readModelEnds } from '../../../../scripts/read-model-ends.ts';
import { endsOf } from '../../../../worker/vendors/openai/model-facts.ts';
import { startStack } from '../../../support/stack-in-process.ts';

/** The ends that the SDK announces. */
const MODEL_ENDS = readModelEnds();

test('the table is what the installed SDK says', () => {
  const read = readModelEnds();
  expect(Object.keys(read).length).toBeGreaterThan(20);
  const file = readFileSync(new URL('../../../../worker/vendors/openai/model-ends.json', import.meta.url), 'utf8');
  expect(file, 'npm run model:ends').toBe(printModelEnds(read));
});

test.each([
  [
    'a list',
    '/**\n * Deprecated values:\n *\n * - "gpt-x", "gpt-x-2030-01-02":\n *   Announced shutdown date: 2031-02-03. See\n *   https://a.example.\n */',
    { 'gpt-x': '2031-02-03', 'gpt-x-2030-01-02': '2031-02-03' },
  ],
  [
    'a date on the next line, and an entry without one',
    '/**\n * - "a-1": Announced shutdown\n *   date:\n *   2031-02-03. See x.\n * - "b-1": Not a supported model ID.\n */',
    { 'a-1': '2031-02-03' },
  ],
  [
    'prose',
    '/**\n * Use `new-1`. The `old-1.5` and `old-2` models are deprecated and scheduled to shut down on\n * March 9, 2031. Take `new-1` instead.\n */',
    { 'old-1.5': '2031-03-09', 'old-2': '2031-03-09' },
  ],
  ['a model that has ended', '/** `old-1` was shut down on October 23, 2030. Use `new-1`. */', { 'old-1': '2030-10-23' }],
  ['no comment', 'const a = "gpt-x: Announced shutdown date: 2031-02-03";', {}],
])('ends are read from %s', (_, typings, ends) => {
  expect(Object.fromEntries(endsIn(typings))).toEqual(ends);
});

test('a model is found by its name, a version of it, behind a router and when it was trained further', () => {
  const own = MODEL_ENDS['gpt-4o'];
  expect(endsOf(['gpt-4o', 'gpt-4o-2024-05-13', 'gpt-4o-2099-01-01', 'openai/gpt-4o', 'ft:gpt-4o:me::1', 'gpt-4o'])).toEqual([
    { model: 'gpt-4o', date: own },
    { model: 'gpt-4o-2024-05-13', date: MODEL_ENDS['gpt-4o-2024-05-13'] },
    { model: 'gpt-4o-2099-01-01', date: own },
    { model: 'openai/gpt-4o', date: own },
    { model: 'ft:gpt-4o:me::1', date: own },
  ]);
  expect(endsOf(['gpt-5.4-mini', 'gpt-audio-1.5', 'llama3', 'constructor', ''])).toEqual([]);
});

test('an end is near from sixty days before, and stays', () => {
  const ends = [
    { model: 'b', date: '2031-03-02' },
    { model: 'a', date: '2031-03-01' },
  ];
  const on = (day: string) => nearEnds(ends, Date.parse(`${day}T12:00:00Z`)).map(({ model }) => model);
  expect(on('2030-12-30')).toEqual([]);
  expect(on('2030-12-31')).toEqual(['a']);
  expect(on('2031-01-01')).toEqual(['a', 'b']);
  expect(on('2032-01-01')).toEqual(['a', 'b']);
});

test('the log, the kinds and the figures name a model that has ended, and none that has not', async () => {
  const date = MODEL_ENDS['gpt-3.5-turbo'];
  const stack = await startStack({
    AI_PROVIDER: 'openai',
    OPENAI_API_KEY: 'sk-test',
    OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
    OPENAI_MODEL: 'gpt-5.4-mini',
    OPENAI_FALLBACK_MODEL: 'gpt-3.5-turbo',
    OPENAI_VISION_MODEL: 'my-own-model',
    LOG_LEVEL: 'warn',
  });
  const worker = await stack.startWorker();
  const messages = worker.log().map((line) => String(line['msg']));
  expect(messages.filter((message) => message.includes('gpt-3.5-turbo'))).toEqual([expect.stringContaining(String(date))]);
  expect(messages.filter((message) => message.includes('dollars'))).toEqual([expect.stringContaining('openai/my-own-model')]);
  const { kinds } = await stack.get('/api/kinds');
  const ends = Object.fromEntries(kinds.map((kind: Record<string, unknown>) => [kind['name'], kind['modelEnds']]));
  expect(ends).toMatchObject({ 'generate-flashcards': [{ model: 'gpt-3.5-turbo', date }], 'process-image': undefined });
  expect((await stack.get('/api/queue/stats'))['modelEnds']).toEqual([
    { model: 'gpt-3.5-turbo', date, kinds: expect.arrayContaining(['generate-flashcards', 'generate-lesson']) },
  ]);
});

test('nothing is said where no model ends', async () => {
  const stack = await startStack({ AI_PROVIDER: 'offline' });
  await stack.startWorker();
  expect(await stack.get('/api/queue/stats')).not.toHaveProperty('modelEnds');
  for (const kind of (await stack.get('/api/kinds')).kinds) expect(kind).not.toHaveProperty('modelEnds');
});
