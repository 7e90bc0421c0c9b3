/** Debian's nginx before the servers of a test. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { freePort } from './ports.ts';

/** Whether this machine has it. */
export const hasNginx = spawnSync('nginx', ['-v']).status === 0;

/** More directives for the location, more for the upstream, and more parameters of each of its servers. */
export type NginxDirectives = { location?: string; upstream?: string; server?: string };

/** Starts nginx before servers that take turns, and returns its URL once they answer; it goes with the test. */
export async function startNginx(urls: string[], { location = '', upstream = '', server = '' }: NginxDirectives = {}): Promise<string> {
  const folder = scratch();
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`).join(' ');
  const servers = urls.map((url) => `server ${new URL(url).host} ${server};`).join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `pid ${folder}/pid; error_log ${folder}/error.log; events { worker_connections 8192; }
     http { access_log off; gzip on; ${temp}
       upstream api { ${servers} ${upstream} }
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://api; proxy_set_header Host $host; ${location} } } }`,
  );
  return run(folder, port);
}

/** The same with the `deploy/nginx.conf` of this repository. `user`: what it says who the caller is; as the file says unless it is given. */
export async function startDeployedNginx(urls: string[], user?: string): Promise<string> {
  const port = await freePort();
  return run(fillConf({ port, servers: urls.map((url) => new URL(url).host), user }), port);
}

/** The same with the line for a trial in force: who sends `Bearer a-long-random-secret` is the user `tester`. */
export async function startTrialNginx(urls: string[]): Promise<string> {
  const port = await freePort();
  const folder = fillConf({ port, servers: urls.map((url) => new URL(url).host) });
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, readFileSync(file, 'utf8').replace('# "Bearer', '"Bearer'));
  return run(folder, port);
}

/** Writes `deploy/nginx.conf` with this port, these servers and paths of the test's into a folder, as `nginx.conf`. Returns the folder. */
export function fillConf({ port, servers, user = '$caller' }: { port: number; servers: string[]; user?: string | undefined }): string {
  const folder = scratch();
  const conf = readFileSync(resolve(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8');
  const filled = conf
    .replace(/( +server )api-1:3001(.*\n)( +server api-.*\n)+/, (_, head, tail) => servers.map((server) => head + server + tail).join(''))
    .replace('user-id $caller', () => `user-id ${user}`)
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replaceAll(/\/(tmp|dev)\//g, `${folder}/`)
    .replace(`${folder}/stderr`, `${folder}/error.log`);
  writeFileSync(join(folder, 'nginx.conf'), filled);
  return folder;
}

/** A folder that goes with the test. The processes of nginx that serve run as another user. */
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-nginx-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  return folder;
}

/** Runs nginx with the `nginx.conf` of a folder, and returns its URL once the servers answer. */
async function run(folder: string, port: number): Promise<string> {
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder, '-g', 'daemon off;'], { stdio: 'ignore' });
  onTestFinished(async ({ task }) => {
    nginx.kill();
    await once(nginx, 'exit');
    if (task.result?.state === 'fail') console.error(`what nginx says:\n${errorsOf(join(folder, 'error.log'))}`);
  });
  const url = `http://127.0.0.1:${port}`;
  await expect.poll(async () => (await fetch(`${url}/health`).catch(() => undefined))?.status).toBe(200);
  return url;
}

/** The last of its errors, the refused connections left out where there are others. */
function errorsOf(file: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  const others = lines.filter((line) => line !== '' && !line.includes('Connection refused'));
  return (others.length > 0 ? others : lines).slice(-30).join('\n');
}
