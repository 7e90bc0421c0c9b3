/** The project's npm scripts as a user or a host runs them: what they say, and how they end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './ports.ts';
import { COMPILE_CACHE } from './stack.ts';

const root = resolve(import.meta.dirname, '../..');

const { scripts } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/**
 * A folder that looks like the project's, with an `.env` file of the test's or none, because a
 * developer's own must not be read. It is removed after the test.
 */
export function projectWith(envFile?: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-scripts-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const name of ['package.json', 'node_modules', 'src', 'worker', 'scripts', 'conformance'])
    symlinkSync(join(root, name), join(folder, name));
  if (envFile !== undefined) writeFileSync(join(folder, '.env'), envFile);
  return folder;
}

/** A script that runs, or has run. */
export type Running = {
  child: ChildProcess;
  /** What it has written so far. */
  output(): string;
  /** Resolves with the part of its output that matches, once there is one. Rejects if it ends. */
  said(text: RegExp): Promise<string>;
  /** Resolves with its exit code, or the signal that ended it. */
  exited: Promise<number | string>;
};

type Way = {
  args?: string[];
  /** `node`: the command alone, because npm answers a signal with an exit of its own. */
  by?: 'node' | 'npm';
  cwd?: string;
};

/** Runs a script of package.json's in a process group of its own. It ends with the test. */
export function runScript(script: string, env: Record<string, string>, { args = [], by = 'node', cwd = projectWith() }: Way = {}): Running {
  const command = /node (.+?)(?: \|\||$)/.exec(scripts[script] ?? '')?.[1]?.split(' ') ?? [];
  return by === 'npm'
    ? runProgram('npm', ['run', '--silent', script], env, cwd)
    : runProgram(process.execPath, [...command, ...args], env, cwd);
}

/** Runs a program in a process group of its own, as the user `uid` if named. It ends with the test. */
export function runProgram(program: string, args: string[], env: Record<string, string>, cwd: string, uid?: number): Running {
  const child = spawn(program, args, {
    cwd,
    ...(uid !== undefined && { uid, gid: uid }),
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', NODE_COMPILE_CACHE: COMPILE_CACHE, LOG_LEVEL: 'warn', ...env },
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
    if ((child.exitCode ?? child.signalCode) === null) signalGroup(child, 'SIGKILL');
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
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  process.kill(-(child.pid ?? 0), signal);
}

/** Free ports for an API and a worker. */
export const freePorts = async () => ({ PORT: String(await freePort()), WORKER_HEALTH_PORT: String(await freePort()) });

/** The registry, the certificates and the like that npm is told by variables here. */
export function settingsOfNpm(): Record<string, string> {
  const isSetting = (entry: [string, string | undefined]): entry is [string, string] =>
    /^npm_config_|_proxy$|_CA_CERTS$/i.test(entry[0]) && entry[1] !== undefined;
  return Object.fromEntries(Object.entries(process.env).filter(isSetting));
}
