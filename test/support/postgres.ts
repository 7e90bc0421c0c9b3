/** One PostgreSQL server for a run of the suite, where one is installed: each Supabase project of a test is a database on it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort } from './ports.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server, as its superuser; empty where PostgreSQL is not installed. */
    postgresUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const programs = findPrograms();
  const server = programs === undefined ? undefined : await startPostgres(programs);
  project.provide('postgresUrl', server?.url ?? '');
  return async () => server?.stop();
}

/** The folder of initdb and postgres: what PATH has, else the newest that Debian's packages installed, which are not in PATH. */
function findPrograms(): string | undefined {
  const installed = globSync('/usr/lib/postgresql/*/bin').toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...installed];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** Starts a server on an empty folder. It keeps nothing, and so need not wait for the disk. */
async function startPostgres(programs: string): Promise<{ url: string; stop(): Promise<void> }> {
  const user = unprivileged();
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-postgres-'));
  if (user) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const initdb = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];
  execFileSync(join(programs, 'initdb'), initdb, { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });

  const port = await freePort();
  const settings = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];
  const options = ['-D', data, '-k', folder, '-h', '127.0.0.1', '-p', String(port), ...settings.flatMap((one) => ['-c', one])];
  const server = spawn(join(programs, 'postgres'), options, { ...user, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    const gone = once(server, 'exit');
    server.kill('SIGQUIT'); // at once, without writing down what is in memory
    await gone;
    await rm(folder, { recursive: true });
  };
  let output = '';
  for await (const text of server.stderr.iterator({ destroyOnReturn: false })) {
    output += String(text);
    if (!output.includes('ready to accept connections')) continue;
    server.stderr.resume(); // it goes on to say things, which must not fill the pipe
    return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop };
  }
  throw new Error(`postgres ended before it served: ${output}`);
}

/** PostgreSQL refuses to run as root: root lends it the user that can do least. */
function unprivileged(): { uid: number; gid: number } | undefined {
  const id = (what: string) => Number(execFileSync('id', [what, 'nobody']));
  return process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : undefined;
}
