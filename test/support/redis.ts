/** A Redis server of a test's own, which the test may hurt: it keeps its data on disk and starts again from there. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './ports.ts';

/** Whether there is a server to start. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** A running server. */
export type RedisServer = {
  url: string;
  /** Sends a signal, such as SIGSTOP and SIGCONT. */
  signal(name: NodeJS.Signals): void;
  /** Kills it as a crash would; resolves once it is gone. */
  crash(): Promise<void>;
  /** Starts it again with what it had on disk. */
  restart(): Promise<void>;
};

/** Starts a server that appends every write to a file, synced as told; it stops with the test. */
export async function startRedis(fsync: 'always' | 'everysec'): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-redis-'));
  const options = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync: fsync };
  const launch = async (): Promise<ChildProcess> => {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const started = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const text of started.stdout) if (String(text).includes('Ready to accept connections')) break;
    started.stdout.resume();
    return started;
  };
  const crash = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };

  let server = await launch();
  onTestFinished(async () => {
    await crash();
    await rm(folder, { recursive: true });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    signal: (name) => void server.kill(name),
    crash,
    async restart() {
      server = await launch();
    },
  };
}
