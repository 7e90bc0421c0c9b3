/** What logs show of errors, read from real processes' output: who failed, how and where; never a command, a message or a body that is not ours. */
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createErrorLog } from '../src/log.ts';
import { OwnError } from '../src/job/own-error.ts';
import { ProblemError } from '../src/job/problem.ts';
import { describeError } from '../src/describe-error.ts';
import { startOpenAI } from './support/openai.ts';
import { startStack } from './support/stack.ts';

const SECRET = 'sk-secret Hund: dog';

async function redisError(): Promise<unknown> {
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(() => redis.disconnect());
  return redis.call('SET', 'a', SECRET, 'NONSENSE').catch((error: unknown) => error);
}

async function vendorError(): Promise<unknown> {
  const { baseURL } = await startOpenAI((pen) =>
    pen.fail(400, { error: { message: `bad: ${SECRET}`, code: 'bad_thing', type: SECRET, param: SECRET } }, { 'x-request-id': 'req_1' }),
  );
  const client = new OpenAI({ apiKey: SECRET.slice(0, 9), baseURL, maxRetries: 0 });
  return client.chat.completions
    .create({ model: 'm', messages: [{ role: 'user', content: JSON.stringify({ content: SECRET }) }] })
    .catch((error: unknown) => error);
}

function thrown(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test.each<[string, () => unknown, object]>([
  ["a refused command of Redis'", redisError, { type: 'ReplyError', code: 'ERR' }],
  ["a vendor's answer that echoes its input", vendorError, { type: 'BadRequestError', status: 400, code: 'bad_thing', requestId: 'req_1' }],
  ['JSON that is none', () => thrown(() => JSON.parse(`{"a":${SECRET}`)), { type: 'SyntaxError' }],
  ['what is no error', () => SECRET, { type: 'string' }],
  ['a cause', () => new OwnError('ours', { cause: new Error(SECRET) }), { message: 'ours', cause: { type: 'Error' } }],
  ['several at once', () => new AggregateError([new Error(SECRET)], SECRET), { type: 'AggregateError', errors: [{ type: 'Error' }] }],
  ["a provider's problem", () => new ProblemError('provider_refused', SECRET), { type: 'ProblemError', code: 'provider_refused' }],
  ['a name and a code that are sentences', () => Object.assign(new Error(SECRET), { name: SECRET, code: SECRET }), { type: 'Error' }],
  ['a message with lines like those of a stack', () => new Error(`a\n    at ${SECRET} (x.ts:1:1)`), { type: 'Error' }],
  [
    'a message that was changed after it was thrown',
    () => Object.assign(new Error(SECRET), { message: 'changed', command: { args: [SECRET] } }),
    { type: 'Error' },
  ],
])('of %s the log has what is on the list', async (_, make, expected) => {
  const described = describeError(await make());
  expect(described).toMatchObject(expected);
  expect(JSON.stringify(described)).not.toMatch(/sk-secret|Hund/);
});

test('the stack tells where, for errors of ours and of others', () => {
  for (const error of [new OwnError('ours'), new Error(SECRET), new TypeError(`${SECRET}\nand more`)]) {
    expect(describeError(error).stack?.[0]).toContain('describe-error.test.ts');
  }
  expect(describeError(new OwnError('ours'))).toMatchObject({ type: 'OwnError', message: 'ours' });
});

test('a provider that echoes notes and key leaves neither in the logs nor in the job', async () => {
  const openai = await startOpenAI((pen, { material, headers }) =>
    pen.fail(400, { error: { message: `can't: ${String(material['content'])} ${String(headers.authorization)}` } }),
  );
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Hund: dog' });
  const stream = await stack.watch(job);
  const end = await stream.until(({ event }) => event === 'failed');
  expect(end.data['error'].code).toBe('provider_rejected');
  await expect.poll(() => worker.output()).toContain('provider_rejected');
  for (const output of [worker.output(), stack.api.output(), stream.text()]) expect(output).not.toMatch(/Hund|sk-test/);
});

test('errors of one sort are logged once and counted; another sort is logged at once', async () => {
  const lines: Record<string, unknown>[] = [];
  const counted = Promise.withResolvers<void>();
  const warn = (line: Record<string, unknown>) => {
    lines.push(line);
    if ('times' in line) counted.resolve();
  };
  const logError = createErrorLog({ warn } as never, 20);
  const fail = () => logError('worker', new OwnError('again'));
  for (let n = 0; n < 1000; n++) fail();
  logError('stream', new OwnError('other'));
  const alive = setTimeout(() => {}, 5000);
  await counted.promise;
  clearTimeout(alive);
  expect(lines.map(({ source, times }) => [source, times])).toEqual([
    ['worker', undefined],
    ['stream', undefined],
    ['worker', 999],
  ]);
});
