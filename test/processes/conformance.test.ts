/** `npm run conformance` as an operator runs it: it passes where all promises are kept, and names those that a proxy breaks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createGzip, constants } from 'node:zlib';
import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { type Meddling, replacing, startMeddlingProxy } from '../support/meddling-proxy.ts';
import { hasNginx, startDeployedNginx, startNginx } from '../support/nginx.ts';
import { card, pieces, startOpenAI } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { COMPILE_CACHE, startStack } from '../support/stack.ts';
import { startStack as startStackInProcess } from '../support/stack-in-process.ts';

const main = resolve(import.meta.dirname, '../../conformance/main.ts');

/** What a run has found: the ids of the promises, by verdict, and all that it said. */
type Found = { code: number; broken: string[]; notJudged: string[]; kept: string[]; output: string; errors: string };

/** Heartbeats of the servers here, as the suite is told them. They come ten times as often, so that a busy machine is not taken for a proxy. */
const HEARTBEAT = { SSE_HEARTBEAT_MS: '100' };
const ARGUMENTS = ['--heartbeat', '1', '--timeout', '20'];

/** Begins to run the suite against a URL, in a folder that has no .env file. */
function begin(url: string, env: Record<string, string> = {}, args: string[] = []) {
  const child = spawn(process.execPath, [main, url, ...ARGUMENTS, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const ids = (sign: string) => [...output.matchAll(new RegExp(`^${sign} ([a-z-]+): `, 'gm'))].map(([, id]) => id ?? '');
  const found = once(child, 'close').then(([code]): Found => ({
    code: code as number,
    broken: ids('✗'),
    notJudged: ids('\\?'),
    kept: ids('✓'),
    output,
    errors,
  }));
  return { child, found };
}

/** Runs the suite to its end. */
const conform = (url: string, env: Record<string, string> = {}, args: string[] = []): Promise<Found> => begin(url, env, args).found;

/** A deployment of the test's process; what it can't judge depends on how quick it is. */
async function deploy(env: Record<string, string> = {}) {
  const stack = await startStackInProcess({ ...HEARTBEAT, ...env });
  await stack.startWorker();
  return stack;
}

/** A model that takes some time for each card. */
const slowModel = (ms: number) =>
  startOpenAI(async (pen, call) => {
    const { open, cards, close } = pieces(Array.from({ length: Number(call.material['count']) }, (_, n) => card(n)));
    pen.text(open);
    for (const text of cards) {
      await Promise.race([call.dropped, new Promise((resolve_) => setTimeout(resolve_, ms))]);
      pen.text(text);
    }
    pen.text(close);
    pen.finish('stop', { prompt_tokens: 1, completion_tokens: 1 });
  });

test.runIf(hasNginx).each([
  ['nginx', startNginx],
  ['our deploy/nginx.conf', (urls: string[]) => startDeployedNginx(urls, '$http_user_id')],
] as const)(
  'two API processes behind %s keep all promises, items arrive while a model writes, and nothing is left behind',
  async (_, start) => {
    const model = await slowModel(300);
    const stack = await startStack({ ...HEARTBEAT, ...model.env });
    const [other] = await Promise.all([stack.startApi(), stack.startWorker()]);
    const found = await conform(await start([stack.url, other.url]));
    expect([found.broken, found.notJudged, found.code, found.errors], found.output).toEqual([[], [], 0, expect.anything()]);
    expect(found.output).toMatch(/\d+ kept, 0 broken, 0 not judged/);
    expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ waiting: 0, active: 0, completed: 0, failed: 0 });
  },
);

/** What each of these proxies does, and exactly the promises that it breaks. */
const faults: Record<string, Meddling & { breaks: string[]; says: RegExp }> = {
  'strips Last-Event-ID': {
    request: (headers) => void delete headers['last-event-id'],
    breaks: ['submit-reconnect', 'resume-header'],
    says: /resume-header[^✗]+expected {2}item 4, completed 5[^✗]+strips the header Last-Event-ID/,
  },
  'answers 200 where 204 was said': {
    head: (head) => void (head.status = head.status === 204 ? 200 : head.status),
    breaks: ['resume-end', 'erase'],
    says: /changes the status 204/,
  },
  'compresses streams': {
    head: ({ headers }) => void (headers['content-encoding'] = 'gzip'),
    body: (answer, outgoing) => void answer.pipe(createGzip({ flush: constants.Z_SYNC_FLUSH })).pipe(outgoing),
    breaks: ['stream-plain'],
    says: /Content-Encoding: gzip[^✗]+compresses in spite of no-transform/,
  },
  'puts a page of its own in the place of errors': {
    head(head) {
      if (head.status >= 400) head.headers['content-type'] = 'text/html';
    },
    body: (answer, outgoing) => {
      if ((answer.statusCode ?? 0) < 400) return void answer.pipe(outgoing);
      answer.resume();
      outgoing.end('<h1>Something went wrong</h1>');
    },
    breaks: [
      'problem-json',
      'problem-input',
      'problem-type',
      'problem-job',
      'problem-route',
      'problem-method',
      'idempotency-reused',
      'submit-reconnect',
      'responses-errors',
    ],
    says: /puts a page of its own in the place of errors/,
  },
  'drops the event reset': {
    body: replacing((text) => text.replaceAll(/event: reset\ndata: .*\n\n/g, '')),
    breaks: ['resume-reset'],
    says: /takes events out/,
  },
  'drops the pings': {
    body: replacing((text) => text.replaceAll(': ping\n\n', '')),
    breaks: ['heartbeat'],
    says: /takes comments out of streams/,
  },
  'strips Idempotency-Key': {
    request: (headers) => void delete headers['idempotency-key'],
    breaks: ['idempotency-concurrent'],
    says: /pays twice/,
  },
  'wants an identity for everything': {
    refuses: (headers) => headers['user-id'] === undefined,
    breaks: ['cors-preflight', 'poll-first-clients', 'token-stream'],
    says: /let this address pass/,
  },
};

test.for(Object.entries(faults))('a proxy that %s breaks these promises and no others', async ([, { breaks, says, ...meddling }]) => {
  const stack = await deploy();
  const found = await conform(await startMeddlingProxy(stack.url, meddling));
  expect([found.broken, found.code, found.errors], found.output).toEqual([breaks, 1, expect.not.stringContaining('erased')]);
  expect(found.output).toMatch(says);
});

test('a proxy that only passes on breaks none', async () => {
  const stack = await deploy();
  const found = await conform(await startMeddlingProxy(stack.url));
  expect([found.broken, found.code], found.output).toEqual([[], 0]);
});

test('a proxy that holds streams back to their end is named, with a quick model and with a slow one', async () => {
  const whole: Meddling = {
    body(answer, outgoing) {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
      answer.on('end', () => outgoing.end(Buffer.concat(chunks)));
    },
  };
  const [quick, slow] = [await deploy(), await deploy((await slowModel(1500)).env)];
  const only = ['--only', 'stream-live', '--only', 'stream-items'];
  const [found, other] = await Promise.all([
    conform(await startMeddlingProxy(quick.url, whole)),
    conform(await startMeddlingProxy(slow.url, whole), {}, only),
  ]);
  expect([found.broken, found.code], found.output).toEqual([['stream-unbuffered'], 1]);
  expect(found.notJudged).toContain('heartbeat');
  expect(found.output).toMatch(/a proxy buffers the stream/);
  expect([other.broken, other.kept, other.code], other.output).toEqual([['stream-live'], ['stream-items'], 1]);
});

test('a proxy that cuts quiet connections is named', async () => {
  const stack = await deploy({ SSE_HEARTBEAT_MS: '10000' });
  const url = await startMeddlingProxy(stack.url, {
    body(answer, outgoing) {
      const timer = setTimeout(() => outgoing.destroy(), 6000); // a busy machine may be quiet for some seconds
      answer.on('data', () => timer.refresh());
      outgoing.on('close', () => clearTimeout(timer));
      answer.pipe(outgoing);
    },
  });
  const found = await conform(url, {}, ['--heartbeat', '10']);
  expect([found.broken, found.code], found.output).toEqual([['heartbeat'], 1]);
  expect(found.output).toMatch(/the stream was cut[^✗]+a proxy cuts quiet connections/);
});

test('a proxy that stores answers is named', async () => {
  const stack = await deploy((await slowModel(200)).env);
  const stored = new Map<string, string>();
  const url = await startMeddlingProxy(stack.url, {
    body(answer, outgoing) {
      const { path } = (answer as unknown as { req: { path: string } }).req; // that it answers
      if (answer.headers['content-type'] !== 'application/json') return void answer.pipe(outgoing);
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
      answer.on('end', () => {
        if (!stored.has(path)) stored.set(path, text);
        outgoing.end(stored.get(path));
      });
    },
  });
  const found = await conform(url, {}, ['--only', 'poll-job', '--timeout', '4']);
  expect([found.broken, found.code], found.output).toEqual([['poll-job'], 1]);
  expect(found.output).toMatch(/expected {2}completed, as the stream had it[^✗]+a proxy stores answers/);
});

test('stopped by Ctrl-C, it erases the jobs that it has made', async () => {
  const model = await startOpenAI((_pen, call) => call.dropped);
  const stack = await deploy(model.env);
  const run = begin(stack.url);
  await expect.poll(() => model.calls.length).toBeGreaterThan(0); // a job runs, and never ends by itself
  run.child.kill('SIGINT');
  const found = await run.found;
  expect([found.code, found.errors]).toEqual([2, expect.stringMatching(/^(?![^]*erased)[^]*stopped before its end/)]);
  expect((await stack.get('/api/queue/stats'))['counts']).toMatchObject({ waiting: 0, active: 0 });
});

test.runIf(hasNginx)('nginx that is told to ignore X-Accel-Buffering is named', async () => {
  const stack = await deploy();
  const found = await conform(await startNginx([stack.url], { location: 'proxy_ignore_headers X-Accel-Buffering;' }), {}, [
    '--only',
    'stream-unbuffered',
  ]);
  expect([found.broken, found.code], found.output).toEqual([['stream-unbuffered'], 1]);
});

test('behind a gateway that identifies users it runs by SMOKE_TOKEN, and says so if there is none', async () => {
  const stack = await deploy({ AUTH: 'trusted-header' });
  const url = await startMeddlingProxy(stack.url, {
    request(headers) {
      delete headers['user-id'];
      if (headers['authorization'] === 'Bearer ticket') headers['user-id'] = 'ana';
      delete headers['authorization'];
    },
  });
  const found = await conform(url, { SMOKE_TOKEN: 'ticket' });
  expect([found.broken, found.code], found.output).toEqual([[], 0]);
  const refused = await conform(url);
  expect([refused.code, refused.output, refused.errors]).toEqual([2, '', expect.stringContaining('set SMOKE_TOKEN')]);
  const late = await conform(url, { SMOKE_TOKEN: 'old ticket' });
  expect([late.code, late.errors]).toEqual([2, expect.stringContaining('SMOKE_TOKEN is not taken')]);
});

test('it waits where a rate limit says so', async () => {
  const stack = await deploy({ RATE_LIMIT_MAX: '2', RATE_LIMIT_WINDOW_S: '2' });
  const found = await conform(stack.url);
  expect([found.broken, found.code], found.output).toEqual([[], 0]);
  expect(stack.api.log().some(({ msg, status }) => msg === 'request' && status === 429)).toBe(true);
});

test('what can not be checked is no failure of the deployment: nobody there, no worker, a job without an end', async () => {
  const nobody = await conform(`http://127.0.0.1:${await freePort()}`);
  expect([nobody.code, nobody.errors]).toEqual([2, expect.stringMatching(/can't be reached/)]);
  const stack = await startStackInProcess(HEARTBEAT);
  const idle = await conform(stack.url);
  expect([idle.code, idle.errors]).toEqual([2, expect.stringContaining('no worker is connected')]);
  const stuck = await deploy((await startOpenAI((_pen, call) => call.dropped)).env);
  const endless = await conform(stuck.url, {}, ['--timeout', '2', '--only', 'poll-job']);
  expect([endless.code, endless.notJudged, endless.errors]).toEqual([2, ['poll-job'], expect.stringContaining('had not ended after 2 s')]);
});

test('programs read the outcome as JSON; one check can be run alone', async () => {
  const stack = await deploy();
  const { code, output, errors } = await conform(stack.url, {}, ['--json', '--only', 'resume-header']);
  expect([code, errors]).toEqual([0, '']);
  expect(JSON.parse(output)).toEqual({
    url: stack.url,
    kept: 1,
    broken: 0,
    notJudged: 0,
    promises: [{ id: 'resume-header', promise: expect.any(String), verdict: 'kept', seen: 'item 4, completed 5' }],
  });
});
