/**
 * What `scripts/run.ts` starts: which program, with which flags, in how many processes; and what it
 * hands on where it stays as a parent.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, inject, test } from 'vitest';
import { freePorts, projectWith, runProgram, runScript, signalGroup } from '../support/npm-scripts.ts';
import { newPrefix } from '../support/stack.ts';

const root = resolve(import.meta.dirname, '../..');
const API_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=60'];
const WORKER_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=30'];
const WATCH = ['--watch', '--watch-preserve-output'];

/** What Linux tells of a process: its command, a variable that it began with, its children. */
const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
const variableOf = (pid: number, name: string) =>
  readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1);
const childrenOf = (pid: number) => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** The variables of a part of its own, on the tests' store. */
const settings = async () => ({
  ...(await freePorts()),
  REDIS_URL: inject('redisUrl'),
  REDIS_KEY_PREFIX: newPrefix(),
  LOG_LEVEL: 'info',
});

const listening = /(api|worker) listening/;
const greeting = /ai-jobs is running[^]*at once\)/;

test.skipIf(process.platform !== 'linux').for([
  ['start:api', listening, [...API_FLAGS, `${root}/src/main.ts`, '.env'], 0],
  ['start:worker', listening, [...WORKER_FLAGS, `${root}/worker/main.ts`, '.env'], 0],
  ['worker', listening, [...WORKER_FLAGS, `${root}/worker/main.ts`, '.env'], 0],
  ['dev:worker', listening, [...WORKER_FLAGS, ...WATCH, `${root}/worker/main.ts`, '.env'], 1], // Node's own, which it starts again
  ['start', greeting, [`${root}/scripts/start.ts`], 2],
  ['dev', greeting, [`${root}/scripts/start.ts`, '--watch'], 2],
] as const)(
  'npm run %s: npm has one process under it, with the flags of Node and a place for compiled code',
  async ([name, ready, words, children]) => {
    const npm = runScript(name, { ...(await settings()), NODE_COMPILE_CACHE: '' }, { by: 'npm' });
    await npm.said(ready);
    const [pid = 0, ...others] = childrenOf(npm.child.pid ?? 0);
    expect(others).toEqual([]);
    expect(commandOf(pid)).toEqual([expect.stringMatching(/\/node$/), ...words]);
    expect(variableOf(pid, 'NODE_COMPILE_CACHE')).toBe(`${root}/node_modules/.cache/node`);
    expect(childrenOf(pid)).toHaveLength(children);
    if (children === 2) {
      const flags = name === 'dev' ? WATCH : [];
      const commands = childrenOf(pid).map(commandOf);
      const expected = [API_FLAGS, WORKER_FLAGS].map((heap) => expect.arrayContaining([...heap, ...flags]));
      expect(commands).toEqual(expect.arrayContaining(expected));
    }
    signalGroup(npm.child, 'SIGTERM');
    await npm.exited;
  },
);

/** Runs a part as a Node does that can't replace a process. */
function runAsParent(part: string, env: Record<string, string>) {
  const hidden = 'data:text/javascript,process.execve = undefined';
  return runProgram(process.execPath, ['--import', hidden, 'scripts/run.ts', part], env, projectWith());
}

test('where a process can not be replaced, the signals and the exit code are handed on', async () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const host = runAsParent('worker', await settings());
    await host.said(listening);
    expect(host.output()).not.toContain(`"pid":${host.child.pid},`);
    host.child.kill(signal); // to the parent alone
    expect(await host.exited).toBe(0);
    expect(host.output()).toContain(`"why":"${signal}"`);
  }
  const unable = runAsParent('worker', { WORKER_CONCURRENCY: 'many' });
  expect(await unable.exited).toBe(2);
  expect(unable.output()).toContain('WORKER_CONCURRENCY');
});

test('where a process can not be replaced, it ends by the signal that its part ended by', async () => {
  const host = runAsParent('worker', await settings());
  await host.said(listening);
  process.kill(Number(/"pid":(\d+)/.exec(host.output())?.[1]), 'SIGKILL');
  expect(await host.exited).toBe('SIGKILL');
});

test('a part runs from any folder, and reads the .env of that folder alone', async () => {
  const cwd = projectWith('hunter2\n');
  const elsewhere = runProgram(process.execPath, [`${root}/scripts/run.ts`, 'worker'], await settings(), cwd);
  expect(await elsewhere.exited).toBe(2);
  expect(elsewhere.output()).toContain(".env can't be read");
});

test('a part that is not there is refused, with those that are', async () => {
  for (const args of [[], ['server'], ['api', '--wach'], ['api', 'worker']]) {
    const refused = runProgram(process.execPath, ['scripts/run.ts', ...args], {}, projectWith());
    expect([args, await refused.exited]).toEqual([args, 2]);
    expect(refused.output()).toContain('node scripts/run.ts api|worker|all [--watch]');
  }
});
