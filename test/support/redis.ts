/** A native Redis of a test's own, to be killed, frozen and started again: what it was told, it has on disk. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { freePort } from './ports.ts';

/** A Redis that one test alone may hurt. */
export type OwnRedis = {
  /** With the name and the password of a user that may do everything. */
  url: string;
  port: number;
  /** Runs a command as an operator would, past that user. */
  command(...words: (string | number)[]): Promise<unknown>;
  /** Kills it, as a crash would; resolves once it is gone. */
  kill(): Promise<void>;
  /** Starts it again, on what it has on disk. */
  start(): Promise<void>;
  /** Stops it where it stands: connections stay, nothing is answered. */
  freeze(): void;
  thaw(): void;
};

/** The password of the user in {@link OwnRedis.url}: no log may ever show it. */
export const PASSWORD = 'password-of-the-redis-user';

const USER = ['--user', 'app', 'on', `>${PASSWORD}`, '~*', '&*', '+@all'];

/** What is on disk: every write, appended within a second or at once; or only what SAVE was told to keep. */
type Persistence = 'everysec' | 'always' | 'saves';

const persistence: Record<Persistence, string[]> = {
  everysec: ['--appendonly', 'yes', '--appendfsync', 'everysec'],
  always: ['--appendonly', 'yes', '--appendfsync', 'always'],
  saves: [],
};

/** Starts a Redis of the test's own; it goes with the test. `options`: of redis-server, besides. */
export async function ownRedis(kept: Persistence = 'everysec', options: string[] = []): Promise<OwnRedis> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-redis-'));
  const launch = () => launchRedis(port, folder, [...persistence[kept], ...USER, ...options]);
  let server = await launch();
  const kill = () => killNow(server);
  onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true });
  });
  return {
    url: `redis://app:${PASSWORD}@127.0.0.1:${port}`,
    port,
    async command(name, ...words) {
      const operator = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
      try {
        return await operator.call(String(name), ...words);
      } finally {
        operator.disconnect();
      }
    },
    kill,
    async start() {
      server = await launch();
    },
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
  };
}

/** What a server and a sentinel say once they serve. */
const READY = /Ready to accept connections|\+monitor/;

/** Kills a process, unless it has ended; resolves once it is gone. */
export async function killNow(server: ChildProcess): Promise<void> {
  if ((server.exitCode ?? server.signalCode) !== null) return;
  const gone = once(server, 'exit');
  server.kill('SIGKILL');
  await gone;
}

/** Starts a server on a loopback port; resolves once it serves. `program`: redis-server, or one like it; `file`: its settings, before the options. */
export async function launchRedis(
  port: number,
  folder: string,
  options: string[] = [],
  { program = 'redis-server', file = [] }: { program?: string; file?: string[] } = {},
): Promise<ChildProcessByStdio<null, Readable, null>> {
  const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const server = spawn(program, [...file, ...own, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const text of server.stdout.iterator({ destroyOnReturn: false })) {
    if (!READY.test(String(text))) continue;
    server.stdout.resume(); // it goes on to say things, which must not fill the pipe
    return server;
  }
  throw new Error(`${program} ended before it served`);
}
