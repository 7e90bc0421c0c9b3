/** Starts and asks the processes of a benchmark. */
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

/** Starts a file of the project as a process with the probe in it. It must send `{ ready: true }` once it can serve. */
export async function startPart(file: string, env: Record<string, string> = {}, flags: string[] = []): Promise<Part> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...flags, '--expose-gc', '--import', fileURLToPath(new URL('probe.ts', import.meta.url))],
  });
  child.setMaxListeners(0);
  const { port = 0 } = await answerOf<{ port?: number }>(child, 'ready');
  const ask = <T>(message: object | string, answer: string): Promise<T> => {
    const answered = answerOf<T>(child, answer);
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
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function answerOf<T>(child: ChildProcess, name: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      if (typeof message !== 'object' || message === null || !(name in message)) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(message as T);
    };
    const onExit = (code: number | null) => reject(new Error(`a part of the benchmark ended (${code}) before it said ${name}`));
    child.on('message', onMessage);
    child.once('exit', onExit);
  });
}
