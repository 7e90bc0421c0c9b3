/** The chapter on trouble: its form, and that its commands print what it says, with each trouble made on purpose. */
import { spawnSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { kinds } from '../../src/kinds/index.ts';
import { expectAsWritten, intro, OWNER, paragraphs, variables } from '../support/chapter.ts';
import { clockAhead } from '../support/clocks.ts';
import { startMeddlingProxy } from '../support/meddling-proxy.ts';
import { startExpo } from '../support/expo.ts';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { openQueue } from '../support/queue.ts';
import { startReceiver } from '../support/receiver.ts';
import { ownRedis } from '../support/redis.ts';
import { scrape, valueOf } from '../support/scrape.ts';
import { isEnd } from '../support/sse.ts';
import { startStack } from '../support/stack-in-process.ts';
import { startStack as startProcesses } from '../support/stack.ts';
import { submitJson } from '../support/submit.ts';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

test.each([...paragraphs])('the paragraph %s has a look that prints something, and then what to do', (_anchor, text) => {
  expect(text).toMatch(/^<a id="[^"]+"><\/a>.+\n[^]*\n\*\*Look\.\*\*[^]*\n```console\n\$ [^]+\n```\n[^]*\n\*\*Do\.\*\*/);
});

test('the table of what is seen leads to paragraphs of this page alone, each by its heading', () => {
  const links = [...intro.matchAll(/\[([^\]]+)\]\(#([^)]+)\)/g)];
  expect(links.length).toBeGreaterThan(10);
  const headings = (anchor: string) => /<\/a>(.+)/.exec(paragraphs.get(anchor) ?? '')?.[1];
  expect(links.filter(([, name, anchor = '']) => headings(anchor) !== name)).toEqual([]);
});

test('no worker is registered', async () => {
  const stack = await startStack();
  const job = await stack.submit({ content: 'Hund: dog' }, OWNER);
  await expectAsWritten('waits', variables(stack, job));
  await expectAsWritten('no-worker', variables(stack, job));
});

test('no live worker is for the kind', async () => {
  const stack = await startStack();
  await stack.startWorker({ WORKER_KINDS: 'process-image' });
  const job = await stack.submit({ content: 'Hund: dog' }, OWNER);
  await expectAsWritten('not-served', variables(stack, job));
});

test('the queue is paused', async () => {
  const stack = await startStack();
  const { redis, keys } = await openQueue(stack.prefix);
  await redis.hset(keys.of('meta'), 'paused', 1);
  await expectAsWritten('paused', variables(stack, await stack.submit()));
});

test('the vendor has said when to come back', async () => {
  const openai = await startOpenAI((pen) => pen.fail(429, {}, { 'retry-after': '600' }));
  const stack = await startStack(openai.env);
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, OWNER);
  await expectAsWritten('retry-at', variables(stack, job, worker.url));
});

test('the vendor does not answer, and holds all slots', async () => {
  const openai = await startOpenAI(() => {});
  const stack = await startStack({ ...openai.env, WORKER_CONCURRENCY: '1' });
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, OWNER);
  await expectAsWritten('no-progress', variables(stack, job, worker.url));
  await stack.submit({ content: 'Other notes.' }, OWNER);
  await expectAsWritten('hung-vendor', variables(stack, job, worker.url));
});

test('the limiter bounds the pace', async () => {
  const stack = await startStack();
  await stack.startWorker({ WORKER_RATE_MAX: '1', WORKER_RATE_DURATION_MS: '600000' });
  await (await stack.watch(await stack.submit())).until(isEnd);
  const job = await stack.submit();
  await expectAsWritten('queue-grows', variables(stack, job));
});

test('a vendor is held back by its breaker', async () => {
  const openai = await startOpenAI((pen) => pen.fail(500, {}));
  const stack = await startStack({ ...openai.env, OPENAI_MODEL: 'gpt-5.4-mini', BREAKER_FAILURES: '1', BREAKER_OPEN_MS: '60000' });
  const worker = await stack.startWorker();
  await expectAsWritten('vendor-down', variables(stack, await stack.submit(), worker.url));
});

test('answers that can not be used are billed', async () => {
  const openai = await startOpenAI((pen) => {
    pen.text('{"flashcards":[{"question":"?"}]}');
    pen.finish('stop', { prompt_tokens: 1000, completion_tokens: 9000 });
  });
  const stack = await startStack({ ...openai.env, OPENAI_MODEL: 'gpt-5.4-mini' });
  const worker = await stack.startWorker();
  const job = await stack.submit();
  await (await stack.watch(job)).until(isEnd);
  await expectAsWritten('spend', variables(stack, job, worker.url));
});

test('a process is asked how busy it is, and how late its events are', async () => {
  const stack = await startStack();
  await expectAsWritten('cpu', variables(stack, {}));
  await expectAsWritten('reader', variables(stack, {}));
});

test('the clocks of an API and of a worker are wrong', async () => {
  const stack = await startProcesses(clockAhead(5000));
  const worker = await stack.startWorker(clockAhead(-90_000));
  await expectAsWritten('clock', variables(stack, {}, worker.url));
});

test('a worker is killed while a job runs', async () => {
  const openai = await startOpenAI(() => {});
  const stack = await startProcesses({ ...openai.env, WORKER_STALLED_INTERVAL_MS: '300' });
  const lost = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, OWNER);
  await expect.poll(() => openai.calls.length).toBe(1);
  await lost.stop('SIGKILL');
  const other = await stack.startWorker();
  await expectAsWritten('worker-lost', variables(stack, job, other.url), { files: { 'worker.log': () => other.output() } });
});

test.runIf(hasRedis)('a worker gets no more connections to Redis, until there are some again', async () => {
  const { port } = await ownRedis();
  const operator = new Redis(port, '127.0.0.1');
  onTestFinished(() => operator.disconnect());
  const env = { REDIS_URL: `redis://127.0.0.1:${port}` };
  const stack = await startStack(env);
  const worker = await stack.startWorker();
  const connections = async () =>
    String(await operator.client('LIST'))
      .trim()
      .split('\n');
  const waitingOnes = async () =>
    (await connections()).flatMap((one) => (one.includes(' cmd=bzpopmin ') ? [/^id=(\d+)/.exec(one)?.[1] ?? ''] : []));
  await expect.poll(async () => (await waitingOnes()).length).toBeGreaterThan(kinds.length);
  const waiting = await waitingOnes();
  await operator.config('SET', 'maxclients', (await connections()).length - waiting.length);
  for (const id of waiting) await operator.client('KILL', 'ID', id);
  await expectAsWritten('silent-worker', { ...variables(stack, {}, worker.url), ...env });
  await operator.config('SET', 'maxclients', 1000);
  await expect.poll(async () => valueOf(await scrape(worker.url), 'aijobs_worker_up')).toBe(1);
});

test('the queue is full', async () => {
  const stack = await startStack({ MAX_QUEUE_DEPTH: '1' });
  const job = await stack.submit();
  expect((await submitJson(stack, '/api/ai/generate-flashcards', { content: 'Others.' })).status).toBe(503);
  await expectAsWritten('submissions-refused', variables(stack, job));
});

test('a submission was sent twice without a key', async () => {
  const stack = await startStack();
  await stack.submit({ content: 'Hund: dog' }, OWNER);
  const job = await stack.submit({ content: 'Hund: dog' }, OWNER);
  await expectAsWritten('duplicates', variables(stack, job));
});

const isCurl = (command: string) => !command.startsWith('npm');

test('a proxy holds a stream back', async () => {
  const stack = await startStack();
  const job = await stack.submit({ content: 'Hund: dog' }, OWNER);
  await stack.startWorker();
  const whole = startMeddlingProxy(stack.url, {
    body: (answer, outgoing) => void answer.toArray().then((pieces) => outgoing.end(Buffer.concat(pieces))),
  });
  await expectAsWritten('stream-held-back', { ...variables(stack, job), PROXY: await whole }, { which: isCurl });
});

test('a proxy strips Last-Event-ID', async () => {
  const stack = await startStack();
  await stack.startWorker();
  const content = 'Hund: dog\nKatze: cat\nMaus: mouse\nKuh: cow\nPferd: horse\nEsel: donkey';
  const job = await stack.submit({ content }, OWNER);
  await (await stack.watch(job)).until(isEnd);
  const proxy = await startMeddlingProxy(stack.url, { request: (headers) => delete headers['last-event-id'] });
  await expectAsWritten('last-event-id', { ...variables(stack, job), PROXY: proxy }, { which: isCurl });
});

test('a page of another origin may not call', async () => {
  const stack = await startStack();
  await expectAsWritten('cors', variables(stack, {}));
});

test('a stream is refused with 401', async () => {
  const stack = await startStack({ AUTH: 'trusted-header' });
  await expectAsWritten('stream-401', variables(stack, await stack.submit({ content: 'Hund: dog' }, OWNER)));
});

test('the first item comes late because the model thinks', async () => {
  const openai = await startOpenAI(answerWith());
  const stack = await startStack({ ...openai.env, OPENAI_MODEL: 'gpt-5.4-mini' });
  const job = await stack.submit({ content: 'Notes.' }, OWNER); // before the worker starts, so that it waits for more than 0 ms
  const worker = await stack.startWorker();
  await expectAsWritten('slow-first-item', variables(stack, job, worker.url));
});

test('a webhook is refused by its receiver', async () => {
  const receiver = await startReceiver((_request, response) => response.writeHead(500).end());
  const stack = await startStack();
  await stack.startWorker();
  const job = await stack.submit({ content: 'Hund: dog', callbackUrl: receiver.url }, OWNER);
  await receiver.called(1);
  await expectAsWritten('webhook-missing', variables(stack, job), { files: { 'api.log': () => stack.api.output() } });
});

test('a phone gets no push because a client has seen the end', async () => {
  const expo = await startExpo();
  const stack = await startStack({ ...expo.env, PUSH_DELAY_MS: '100' });
  const job = await stack.submit({ content: 'Hund: dog', pushToken: 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]' }, OWNER);
  const watched = await stack.watch(job);
  await stack.startWorker();
  await watched.until(isEnd);
  await expectAsWritten('push', variables(stack, job));
});
