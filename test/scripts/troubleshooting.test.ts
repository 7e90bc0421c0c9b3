/** The chapter on trouble: its form, and that its commands print what it says, with each trouble made on purpose. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { startMeddlingProxy } from '../support/meddling-proxy.ts';
import { startExpo } from '../support/expo.ts';
import { answerWith, startOpenAI } from '../support/openai.ts';
import { openQueue } from '../support/queue.ts';
import { startReceiver } from '../support/receiver.ts';
import { isEnd } from '../support/sse.ts';
import { startStack, type Stack } from '../support/stack-in-process.ts';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');
const [intro = ''] = page.split('\n## ');

/** The paragraphs of the page, by their anchors. */
const paragraphs = new Map(
  page
    .split('\n### ')
    .slice(1)
    .map((text) => [/^<a id="([^"]+)">/.exec(text)?.[1] ?? text.slice(0, 40), text.split('\n## ')[0] ?? '']),
);

test.each([...paragraphs])('the paragraph %s has a look that prints something, and then what to do', (_anchor, text) => {
  expect(text).toMatch(/^<a id="[^"]+"><\/a>.+\n[^]*\n\*\*Look\.\*\*[^]*\n```console\n\$ [^]+\n```\n[^]*\n\*\*Do\.\*\*/);
});

test('the table of what is seen leads to paragraphs of this page alone, each by its heading', () => {
  const links = [...intro.matchAll(/\[([^\]]+)\]\(#([^)]+)\)/g)];
  expect(links.length).toBeGreaterThan(10);
  const headings = (anchor: string) => /<\/a>(.+)/.exec(paragraphs.get(anchor) ?? '')?.[1];
  expect(links.filter(([, name, anchor = '']) => headings(anchor) !== name)).toEqual([]);
});

/** What a paragraph's commands are, and what each of them prints. */
function looksOf(anchor: string): { command: string; prints: string }[] {
  const blocks = [...(paragraphs.get(anchor) ?? '').matchAll(/```console\n([^]*?)\n```/g)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((text) => {
        const [command = '', ...lines] = text.split('\n');
        return { command, prints: lines.join('\n') };
      }),
  );
}

/** What can be another each time: numbers, ids, dates and ports. */
const masked = (text: string) =>
  text
    .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"DATE"')
    .replaceAll(/(generate-[a-z]+)-[\w-]{32}/g, '$1-ID')
    .replaceAll(/\d+(?:\.\d+)?/g, 'N')
    .replaceAll(/ +$/gm, '')
    .trimEnd();

const run = promisify(execFile);

/** Runs a command as an operator does who has set the page's variables. Resolves with what it prints. */
async function print(command: string, env: Record<string, string>, cwd: string): Promise<string> {
  const functions = /^(?:metrics|job)\(\) .*$/gm;
  const script = `${(intro.match(functions) ?? []).join('\n')}\n${command}`;
  return run('bash', ['-c', script], { env: { PATH: process.env['PATH'] ?? '', ADMIN_TOKEN: '', ...env }, cwd }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout, // a grep without a hit ends with 1
  );
}

const OWNER = { 'user-id': 'ana' };

/** What the page's variables stand for here. `worker`: the URL of its health; where there is none, nobody listens. */
const variables = (stack: Stack, job: Record<string, any>, worker = 'http://127.0.0.1:9') => ({
  API: stack.url,
  WORKER: worker,
  OWNER: OWNER['user-id'],
  JOB: String(job['jobId']),
  STREAM: String(job['streamUrl']),
});

/** Resolves once the commands of a paragraph print what the page says. `which`: takes only some of them. */
async function expectAsWritten(
  anchor: string,
  env: Record<string, string>,
  { which = () => true, files = {} }: { which?: (command: string) => boolean; files?: Record<string, () => string> } = {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-trouble-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const looks = looksOf(anchor).filter(({ command }) => which(command));
  expect(looks).not.toEqual([]);
  for (const { command, prints } of looks) {
    const printed = async () => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text());
      return masked(await print(command, env, folder));
    };
    await expect.poll(printed, { message: command }).toBe(masked(prints));
  }
}

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

test('a process is asked how busy it is', async () => {
  const stack = await startStack();
  await expectAsWritten('cpu', variables(stack, {}));
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
  const worker = await stack.startWorker();
  const job = await stack.submit({ content: 'Notes.' }, OWNER);
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
