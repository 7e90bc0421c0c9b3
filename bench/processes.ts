/** Starts and asks the processes of a benchmark. None of them outlives it. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Usage } from './probe.ts';

/** A process under test, or one that loads it. */
export type Part = {
  pid: number;
  /** The port it told, if it told one. */
  port: number;
  usage(): Promise<Usage>;
  /** The same once all garbage is collected and its memory given back. */
  settled(): Promise<Usage>;
  /** Sends a message and resolves with the answer of that name. */
  ask<T>(message: object, answer: string): Promise<T>;
  stop(): Promise<void>;
};

/** How long a process may take to start, in ms. */
const START_MS = 30_000;

/** Starts a file of the project as a process with the probe in it. It must send `{ ready: true }` once it can serve. */
export async function startPart(file: string, env: Record<string, string> = {}, flags: string[] = []): Promise<Part> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...flags, '--expose-gc', '--import', fileURLToPath(new URL('probe.ts', import.meta.url))],
  });
  child.setMaxListeners(0);
  const stopped = killAtExit(child);
  const { port = 0 } = await answerOf<{ port?: number }>(child, 'ready', START_MS, file);
  const ask = <T>(message: object | string, answer: string): Promise<T> => {
    const answered = answerOf<T>(child, answer, undefined, file);
    child.send(message);
    return answered;
  };
  return {
    pid: child.pid ?? 0,
    port,
    usage: async () => (await ask<{ usage: Usage }>('usage', 'usage')).usage,
    settled: async () => (await ask<{ usage: Usage }>('settled usage', 'usage')).usage,
    ask,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await stopped;
    },
  };
}

/** Kills a process when this one ends, however it ends. Resolves once the process is gone. */
export function killAtExit(child: ChildProcess): Promise<void> {
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  return new Promise((resolve) => {
    child.once('exit', () => {
      process.off('exit', kill);
      resolve();
    });
  });
}

/** Waits for a message that has a field of this name. `limitMs`: without it the process may take its time. */
function answerOf<T>(child: ChildProcess, name: string, limitMs: number | undefined, file: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (message: unknown) => {
      if (typeof message !== 'object' || message === null || !(name in message)) return;
      end();
      resolve(message as T);
    };
    const fail = (what: string) => {
      end();
      reject(new Error(`${file} ${what} before it said ${name}`));
    };
    const onExit = (code: number | null) => fail(`ended (${code})`);
    const timer = limitMs === undefined ? undefined : setTimeout(() => fail(`took longer than ${limitMs / 1000} s`), limitMs);
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}
