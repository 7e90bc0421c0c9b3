/** A native Redis of a test's own, to be killed, frozen and started again: what it was told, it has on disk. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { freePort } from './ports.ts';

/** A Redis that one test alone may hurt. */
export type OwnRedis = {
  url: string;
  /** Kills it, as a crash would; resolves once it is gone. */
  kill(): Promise<void>;
  /** Starts it again, on what it has on disk. */
  start(): Promise<void>;
  /** Stops it where it stands: connections stay, nothing is answered. */
  freeze(): void;
  thaw(): void;
};

/** Starts a Redis that appends what it is told to a file; it goes with the test. */
export async function ownRedis(appendfsync: 'always' | 'everysec' = 'everysec'): Promise<OwnRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-aof-'));
  const launch = () => launchRedis(port, folder, ['--appendonly', 'yes', '--appendfsync', appendfsync]);
  let server = await launch();
  const kill = async (): Promise<void> => {
    if ((server.exitCode ?? server.signalCode) !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  };
  onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async start() {
      server = await launch();
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
  };
}

/** Starts redis-server on a loopback port; resolves once it serves. */
export async function launchRedis(
  port: number,
  folder: string,
  options: string[] = [],
): Promise<ChildProcessByStdio<null, Readable, null>> {
  const server = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const text of server.stdout.iterator({ destroyOnReturn: false })) {
    if (!String(text).includes('Ready to accept connections')) continue;
    server.stdout.resume(); // it goes on to say things, which must not fill the pipe
    return server;
  }
  throw new Error('redis-server ended before it served');
}
