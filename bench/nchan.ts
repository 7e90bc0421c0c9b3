/** nginx with nchan, where both are installed: the reference for delivery in C. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Usage } from './probe.ts';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';

/** Whether this machine has it. */
export function hasNchan(): boolean {
  return existsSync(MODULE) && spawnSync('nginx', ['-v']).status === 0;
}

/** Starts nginx with one worker and a channel at `/`; events are published by POST to `/pub`. */
export async function startNchan(port: number): Promise<{ port: number; usage(): Promise<Usage>; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-nchan-'));
  writeFileSync(
    join(folder, 'nginx.conf'),
    `load_module ${MODULE}; daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 12000; }
     http { access_log off; nchan_shared_memory_size 256m; client_body_temp_path ${folder};
       server { listen 127.0.0.1:${port};
         location = /pub { nchan_publisher; nchan_channel_id bench; nchan_message_timeout 60s; }
         location = / { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; } } }`,
  );
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/pub`;
  while (!(await fetch(url, { method: 'POST', body: 'hello' }).catch(() => undefined)))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const worker = readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, 'utf8').trim().split(' ')[0] ?? '';
  return {
    port,
    usage: async () => usageOf(worker),
    async stop() {
      const gone = new Promise((resolve) => nginx.once('exit', resolve));
      nginx.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

/** CPU and memory of a process that is not ours, as Linux counts them (10 ms ticks, 4 KiB pages). */
function usageOf(pid: string): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const [user, system, pages] = [11, 12, 21].map((index) => Number(fields[index]));
  return { cpu: ((user ?? 0) + (system ?? 0)) * 10_000, rss: (pages ?? 0) * 4096 };
}
