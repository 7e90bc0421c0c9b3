/** `npm start` as a user runs it: what it says, what it serves, how it stops, and what it does when something is wrong. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, inject, onTestFinished, test } from 'vitest';
import { tenantOf } from '../../src/job/tenant.ts';
import { freePorts, projectWith, runScript, signalGroup } from '../support/npm-scripts.ts';
import { startOpenAI, card, pieces } from '../support/openai.ts';
import { freePort } from '../support/ports.ts';
import { openQueue, submitTo } from '../support/queue.ts';
import { skippedFor, whyNotReached } from '../support/reach.ts';
import { newPrefix, startStack } from '../support/stack.ts';

test('it runs, says how to try it, passes the smoke check, keeps its promises, and stops at Ctrl-C', async () => {
  const env = { ...(await freePorts()), SSE_HEARTBEAT_MS: '100' };
  const app = runScript('start', env);
  await app.said(/ai-jobs is running[^]*at once\)/);
  const url = `http://localhost:${env.PORT}`;
  expect(app.output()).toContain(url);
  expect(app.output()).toMatch(/generator +offline/);
  expect(app.output()).toMatch(/store +embedded.*forgets everything at exit/);
  expect(app.output()).toMatch(/curl -N -X POST http/);

  const smoke = runScript('smoke', {}, { args: [url, `http://localhost:${env.WORKER_HEALTH_PORT}`] });
  expect([await smoke.exited, smoke.output()]).toEqual([
    0,
    expect.stringMatching(/8 passed, 0 failed[\s\S]+generate-lesson: completed[\s\S]+4 passed, 0 failed/),
  ]);
  const conformance = runScript('conformance', {}, { args: [url, '--heartbeat', '1'] });
  expect([await conformance.exited, conformance.output()]).toEqual([0, expect.stringMatching(/kept, 0 broken/)]);

  signalGroup(app.child, 'SIGINT');
  expect(await app.exited).toBe(0);
});

test('with REDIS_URL nothing is embedded', async () => {
  const app = runScript('start', { ...(await freePorts()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix() });
  await app.said(/ai-jobs is running[^]*at once\)/);
  expect(app.output()).toMatch(/store +Redis, at REDIS_URL/);
  signalGroup(app.child, 'SIGTERM');
  await app.exited;
});

test('if one part dies, all stop, and the exit code says so', async () => {
  const env = await freePorts();
  const app = runScript('start', { ...env, LOG_LEVEL: 'info' });
  await app.said(/ai-jobs is running[^]*at once\)/);
  const pid = Number(/"name":"worker","pid":(\d+)/.exec(app.output())?.[1]);
  process.kill(pid, 'SIGKILL');
  expect(await app.exited).toBe(1);
  expect(app.output()).toContain('the worker ended (SIGKILL); everything stops');
  await expect(fetch(`http://localhost:${env.PORT}/health`)).rejects.toThrow('fetch failed');
});

test('the two commands of the Procfile run without a parent, and pass the smoke check together', async () => {
  const env = { ...(await freePorts()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), LOG_LEVEL: 'info' };
  const [api, worker] = [runScript('start:api', env), runScript('start:worker', env)];
  await Promise.all([api.said(/api listening/), worker.said(/worker listening/)]);
  const smoke = runScript('smoke', {}, { args: [`http://localhost:${env.PORT}`] });
  expect([await smoke.exited, smoke.output()]).toEqual([0, expect.stringContaining('8 passed, 0 failed')]);
  for (const { child, exited } of [api, worker]) {
    signalGroup(child, 'SIGTERM');
    expect(await exited).toBe(0);
  }
});

test('SIGTERM to npm alone, as a host sends it, stops what npm runs, and npm waits for it', async () => {
  const env = { ...(await freePorts()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), LOG_LEVEL: 'info' };
  for (const [script, ready] of [
    ['start:api', /api listening/],
    ['start:worker', /worker listening/],
    ['start', /ai-jobs is running/],
  ] as const) {
    const host = runScript(script, env, { by: 'npm' });
    await host.said(ready);
    host.child.kill('SIGTERM');
    await host.exited;
    expect(host.output()).toContain('"why":"SIGTERM"');
    await expect(fetch(`http://localhost:${env.PORT}/health`)).rejects.toThrow('fetch failed');
    await expect(fetch(`http://localhost:${env.WORKER_HEALTH_PORT}/health`)).rejects.toThrow('fetch failed');
  }
});

test('a taken port is named, with the way out', async () => {
  const taken = createServer().listen(0);
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = String(address !== null && typeof address === 'object' ? address.port : 0);
  const app = runScript('start', { ...(await freePorts()), PORT: port });
  expect(await app.exited).toBe(1);
  expect(app.output()).toContain(`port ${port} is taken`);
  expect(app.output()).toContain('PORT');
});

test('mistakes in the environment are told in plain words', async () => {
  const app = runScript('start', { ...(await freePorts()), WORKER_CONCURRENCY: 'many', JOB_ATTEMPTS: '0' });
  expect(await app.exited).not.toBe(0);
  expect(app.output()).toMatch(/WORKER_CONCURRENCY: .*\n +JOB_ATTEMPTS: /);
  expect(app.output()).not.toMatch(/\n +at /);
});

test('production does not start on a store that forgets', async () => {
  const app = runScript('start', { ...(await freePorts()), NODE_ENV: 'production' });
  expect(await app.exited).not.toBe(0);
  expect(app.output()).toContain('REDIS_URL');
});

test('the smoke check fails where nobody is', async () => {
  const smoke = runScript('smoke', {}, { args: [`http://127.0.0.1:${await freePort()}`] });
  expect(await smoke.exited).toBe(1);
  expect(smoke.output()).toContain('8 failed');
});

/** An address of this machine that only who listens on all addresses is found at. */
const BESIDE = '127.0.0.2';
const notBeside = await whyNotReached(BESIDE);
const answers = (host: string, port: string) =>
  fetch(`http://${host}:${port}/health`)
    .then(({ status }) => status)
    .catch(() => 'nobody');

test.skipIf(notBeside)(
  `npm start serves this machine alone, by both loopback addresses; HOST=0.0.0.0 opens it${skippedFor(notBeside)}`,
  async () => {
    const env = { ...(await freePorts()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix() };
    const app = runScript('start', env);
    await app.said(/ai-jobs is running[^]*at once\)/);
    expect(app.output()).toMatch(/phones +only this machine is served \(HOST=0\.0\.0\.0/);
    for (const port of [env.PORT, env.WORKER_HEALTH_PORT]) {
      expect([await answers('127.0.0.1', port), await answers('localhost', port), await answers(BESIDE, port)]).toEqual([
        200,
        200,
        'nobody',
      ]);
    }
    signalGroup(app.child, 'SIGINT');
    expect(await app.exited).toBe(0);

    const open = runScript('start', { ...env, HOST: '0.0.0.0' });
    await open.said(/ai-jobs is running[^]*at once\)/);
    expect(open.output()).toMatch(/phones +(http:\/\/\d+\.\d+\.\d+\.\d+:\d+|this machine is in no network)/);
    for (const port of [env.PORT, env.WORKER_HEALTH_PORT]) expect(await answers(BESIDE, port)).toBe(200);
  },
);

test.skipIf(notBeside)(`start:api and start:worker serve all addresses, unless HOST says which${skippedFor(notBeside)}`, async () => {
  const env = { ...(await freePorts()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), LOG_LEVEL: 'info' };
  const [api, worker] = [runScript('start:api', env), runScript('start:worker', env)];
  await Promise.all([api.said(/api listening/), worker.said(/worker listening/)]);
  for (const port of [env.PORT, env.WORKER_HEALTH_PORT]) expect(await answers(BESIDE, port)).toBe(200);
  const narrow = { ...env, ...(await freePorts()), HOST: 'localhost' };
  const inside = runScript('start:api', narrow);
  await inside.said(/api listening/);
  expect([await answers('127.0.0.1', narrow.PORT), await answers(BESIDE, narrow.PORT)]).toEqual([200, 'nobody']);
});

test('a worker whose port is taken ends before it has begun a job', async () => {
  const stack = await startStack();
  const job = await stack.submit();
  const { port } = new URL(stack.url);
  await expect(stack.startWorker({ WORKER_HEALTH_PORT: port })).rejects.toThrow(`port ${port} is taken`);
  expect(await stack.get(job['statusUrl'])).toMatchObject({ status: 'waiting' });
  const { redis, keys } = await openQueue(stack.prefix);
  expect(await redis.hget(keys.job(job['jobId']), 'ats')).toBeNull(); // BullMQ counts starts here
});

test('two workers run on one host: each has its health on a port of its own, and says on which', async () => {
  const env = { REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), LOG_LEVEL: 'info', WORKER_HEALTH_PORT: '' };
  const workers = [runScript('worker', env), runScript('dev:worker', env), runScript('start:worker', env)];
  const found = await Promise.all(
    workers.map(async ({ said }) => /"port":(\d+)/.exec(await said(/"port":\d+,[^\n]*worker listening/))?.[1] ?? ''),
  );
  expect(new Set(found).size).toBe(3);
  for (const port of found) expect([port, await answers('localhost', port)]).toEqual([port, 200]);
  expect(workers.map(({ output }) => output()).join()).toMatch(/port 3002 is taken, so \/health is at port 30\d\d/);

  const strict = runScript('worker', { ...env, WORKER_HEALTH_PORT: found[0] ?? '' });
  expect(await strict.exited).toBe(1);
  expect(strict.output()).toContain(`port ${found[0]} is taken: stop what listens there, or set WORKER_HEALTH_PORT to another`);
  for (const { child, exited } of workers) {
    signalGroup(child, 'SIGTERM');
    await exited;
  }
});

test("a worker leaves the API's port alone, whichever of the two is there first", async () => {
  const env = { REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), LOG_LEVEL: 'info', PORT: '3002', HOST: 'localhost' };
  const worker = runScript('worker', env);
  expect(await worker.said(/"port":\d+,[^\n]*worker listening/)).not.toContain('"port":3002');
});

test('every script reads .env beside package.json, says so, and lets variables that are set win', async () => {
  const { PORT, WORKER_HEALTH_PORT } = await freePorts();
  const cwd = projectWith(
    `# settings\nREDIS_URL=${inject('redisUrl')}\nREDIS_KEY_PREFIX="${newPrefix()}"\nPORT=${PORT}\nWORKER_HEALTH_PORT=${WORKER_HEALTH_PORT}\nLOG_LEVEL=info\nADMIN_TOKEN=hunter2\n`,
  );
  const empty = { LOG_LEVEL: '', REDIS_URL: '' }; // as good as not set
  const app = runScript('start', empty, { cwd });
  await app.said(/ai-jobs is running[^]*at once\)/);
  expect(app.output()).toMatch(/settings +\.env was read/);
  expect(app.output()).toMatch(/store +Redis, at REDIS_URL/);
  expect(app.output()).toContain(`http://localhost:${PORT}`);
  expect(app.output()).not.toContain('hunter2');
  const smoke = runScript('smoke', {}, { cwd });
  expect([await smoke.exited, smoke.output()]).toEqual([0, expect.stringContaining('8 passed, 0 failed')]);
  signalGroup(app.child, 'SIGTERM');
  await app.exited;

  for (const [script, ready] of [
    ['start:api', /"file":"\.env"[^]*api listening/],
    ['start:worker', /"file":"\.env"[^]*worker listening/],
    ['worker', /"file":"\.env"[^]*worker listening/],
    ['dev:worker', /"file":"\.env"[^]*worker listening/],
  ] as const) {
    const own = await freePorts();
    const part = runScript(script, { ...empty, ...own }, { cwd, by: 'npm' });
    await part.said(ready);
    expect(await answers('localhost', script === 'start:api' ? own.PORT : own.WORKER_HEALTH_PORT)).toBe(200); // not the file's
    expect(part.output()).not.toContain('hunter2');
    signalGroup(part.child, 'SIGTERM');
    await part.exited;
  }
});

test('an .env file that can not be read is told by its lines, and nothing starts', async () => {
  const cwd = projectWith('PORT=3001\nhunter2\nOPENAI_API_KEY="hunter2\n');
  for (const script of ['start', 'start:api', 'start:worker', 'smoke', 'conformance']) {
    const app = runScript(script, {}, { cwd });
    expect([script, await app.exited]).toEqual([script, 2]);
    expect(app.output()).toContain(".env can't be read:\n  line 2: expected NAME=value\n  line 3: the quote is not closed");
    expect(app.output()).not.toMatch(/hunter2|\n +at /);
  }
});

test.for([
  ['start', 'SIGINT'],
  ['start', 'SIGTERM'],
  ['start:worker', 'SIGINT'],
  ['dev:worker', 'SIGINT'],
  ['dev', 'SIGINT'],
] as const)(
  'npm run %s, %s to its whole group: the job that runs is handed back, though npm hands the signal on',
  async ([script, signal]) => {
    const openai = await startOpenAI((pen) => pen.text(pieces([card(1)]).open + pieces([card(1)]).cards[0]));
    const { queue, keyPrefix } = await openQueue();
    const own = {
      ...(await freePorts()),
      REDIS_URL: inject('redisUrl'),
      REDIS_KEY_PREFIX: keyPrefix,
      SHUTDOWN_GRACE_MS: '300',
      LOG_LEVEL: 'info',
    };
    const app = runScript(script, { ...own, ...openai.env }, { by: 'npm' });
    await app.said(/worker listening/);
    const payload = { owner: 'ana', tenant: tenantOf('ana', undefined), requestId: 'r', input: { content: 'Notes.', count: 2 } };
    const { id } = await submitTo(queue, 'ana', payload);
    await expect.poll(async () => (await queue.read(id))?.snapshot.progress?.items).toBe(1);
    signalGroup(app.child, signal);
    await app.exited;
    await expect.poll(() => answers('localhost', own.WORKER_HEALTH_PORT)).toBe('nobody');
    expect((await queue.read(id))?.snapshot).toMatchObject({ status: 'waiting', progress: { items: 1 } });
    expect(app.output()).not.toContain('a second signal');
  },
);
