/** `npm start` as a user runs it: what it says, what it serves, how it stops, and what it does when something is wrong. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freePort } from '../support/ports.ts';
import { newPrefix } from '../support/stack.ts';

const root = resolve(import.meta.dirname, '../..');

const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Runs a script of package.json's, without npm around it: npm answers a signal with its own exit. */
async function run(script: string, env: Record<string, string>, args: string[] = [], by: 'node' | 'npm' = 'node') {
  const command = /node (.+?)(?: \|\||$)/.exec(scripts[script] ?? '')?.[1]?.split(' ') ?? [];
  const [runner, ...words] = by === 'npm' ? ['npm', 'run', '--silent', script] : [process.execPath, ...command, ...args];
  const child = spawn(runner ?? '', words, {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LOG_LEVEL: 'warn', ...env },
    detached: true,
  });
  let output = '';
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
      waiting.forEach((look) => look());
    });
  }
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  onTestFinished(async () => {
    if ((child.exitCode ?? child.signalCode) === null) kill(child, 'SIGKILL');
    await exited;
  });
  const said = (text: RegExp) =>
    new Promise<string>((resolve_, reject) => {
      const look = () => {
        const found = text.exec(output);
        if (found) resolve_(found[0]);
      };
      waiting.add(look);
      look();
      void exited.then(() => reject(new Error(`it ended without saying ${text}:\n${output}`)));
    });
  return { child, output: () => output, said, exited };
}

/** Signals the whole process group, as a terminal does. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  process.kill(-(child.pid ?? 0), signal);
}

const ports = async () => ({ PORT: String(await freePort()), WORKER_HEALTH_PORT: String(await freePort()) });

test('it runs, says how to try it, passes the smoke check, and stops at Ctrl-C', async () => {
  const env = await ports();
  const app = await run('start', env);
  await app.said(/ai-jobs is running[^]*at once\)/);
  const url = `http://localhost:${env.PORT}`;
  expect(app.output()).toContain(url);
  expect(app.output()).toMatch(/generator +offline/);
  expect(app.output()).toMatch(/store +embedded.*forgets everything at exit/);
  expect(app.output()).toMatch(/curl -N -X POST http/);

  const smoke = await run('smoke', {}, [url, `http://localhost:${env.WORKER_HEALTH_PORT}`]);
  expect([await smoke.exited, smoke.output()]).toEqual([0, expect.stringContaining('8 passed, 0 failed')]);

  kill(app.child, 'SIGINT');
  expect(await app.exited).toBe(0);
});

test('with REDIS_URL nothing is embedded', async () => {
  const app = await run('start', { ...(await ports()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix() });
  await app.said(/ai-jobs is running[^]*at once\)/);
  expect(app.output()).toMatch(/store +Redis, at REDIS_URL/);
  kill(app.child, 'SIGTERM');
  await app.exited;
});

test('if one part dies, all stop, and the exit code says so', async () => {
  const env = await ports();
  const app = await run('start', { ...env, LOG_LEVEL: 'info' });
  await app.said(/ai-jobs is running[^]*at once\)/);
  const pid = Number(/"name":"worker","pid":(\d+)/.exec(app.output())?.[1]);
  process.kill(pid, 'SIGKILL');
  expect(await app.exited).toBe(1);
  expect(app.output()).toContain('the worker ended (SIGKILL); everything stops');
  await expect(fetch(`http://localhost:${env.PORT}/health`)).rejects.toThrow('fetch failed');
});

test('the two commands of the Procfile run without a parent, and pass the smoke check together', async () => {
  const env = { ...(await ports()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), LOG_LEVEL: 'info' };
  const [api, worker] = [await run('start:api', env), await run('start:worker', env)];
  await Promise.all([api.said(/api listening/), worker.said(/worker listening/)]);
  const smoke = await run('smoke', {}, [`http://localhost:${env.PORT}`]);
  expect([await smoke.exited, smoke.output()]).toEqual([0, expect.stringContaining('8 passed, 0 failed')]);
  for (const { child, exited } of [api, worker]) {
    kill(child, 'SIGTERM');
    expect(await exited).toBe(0);
  }
});

test('SIGTERM to npm alone, as a host sends it, stops what npm runs, and npm waits for it', async () => {
  const env = { ...(await ports()), REDIS_URL: inject('redisUrl'), REDIS_KEY_PREFIX: newPrefix(), LOG_LEVEL: 'info' };
  for (const [script, ready] of [
    ['start:api', /api listening/],
    ['start:worker', /worker listening/],
    ['start', /ai-jobs is running/],
  ] as const) {
    const host = await run(script, env, [], 'npm');
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
  const app = await run('start', { ...(await ports()), PORT: port });
  expect(await app.exited).toBe(1);
  expect(app.output()).toContain(`port ${port} is taken`);
  expect(app.output()).toContain('PORT');
});

test('mistakes in the environment are told in plain words', async () => {
  const app = await run('start', { ...(await ports()), WORKER_CONCURRENCY: 'many', JOB_ATTEMPTS: '0' });
  expect(await app.exited).not.toBe(0);
  expect(app.output()).toMatch(/WORKER_CONCURRENCY: .*\n +JOB_ATTEMPTS: /);
  expect(app.output()).not.toMatch(/\n +at /);
});

test('production does not start on a store that forgets', async () => {
  const app = await run('start', { ...(await ports()), NODE_ENV: 'production' });
  expect(await app.exited).not.toBe(0);
  expect(app.output()).toContain('REDIS_URL');
});

test('the smoke check fails where nobody is', async () => {
  const smoke = await run('smoke', {}, [`http://127.0.0.1:${await freePort()}`]);
  expect(await smoke.exited).toBe(1);
  expect(smoke.output()).toContain('8 failed');
});
