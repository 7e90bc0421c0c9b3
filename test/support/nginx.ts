/** Debian's nginx before the servers of a test. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { freePort } from './ports.ts';

/** Whether this machine has it. */
export const hasNginx = spawnSync('nginx', ['-v']).status === 0;

/** More directives for the location, more for the upstream, and more parameters of each of its servers. */
export type NginxDirectives = { location?: string; upstream?: string; server?: string };

/** Starts nginx before servers that take turns, and returns its URL once they answer; it goes with the test. */
export async function startNginx(urls: string[], { location = '', upstream = '', server = '' }: NginxDirectives = {}): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-nginx-'));
  const port = await freePort();
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`).join(' ');
  const servers = urls.map((url) => `server ${new URL(url).host} ${server};`).join(' ');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events { worker_connections 8192; }
     http { access_log off; gzip on; ${temp}
       upstream api { ${servers} ${upstream} }
       server { listen 127.0.0.1:${port}; location / { proxy_pass http://api; proxy_set_header Host $host; ${location} } } }`,
  );
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
  onTestFinished(async ({ task }) => {
    nginx.kill();
    await once(nginx, 'exit');
    if (task.result?.state === 'fail') console.error(`what nginx says:\n${errorsOf(join(folder, 'error.log'))}`);
    rmSync(folder, { recursive: true });
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
