/** Starts the embedded store as a child process, silent and gone with its parent. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A running embedded store. */
export type EmbeddedStore = {
  /** `redis://127.0.0.1:PORT` */
  url: string;
  pid: number;
  /** Resolves with the exit code once the process has ended, for whatever reason. */
  exited: Promise<number>;
  /** Ends the process; what it held is gone. */
  stop(): Promise<void>;
};

/**
 * Starts a Valkey on a free loopback port; it keeps nothing on
 * disk. Rejects if it ends before it listens.
 */
export async function startEmbeddedStore(): Promise<EmbeddedStore> {
  const child = fork(fileURLToPath(new URL('server.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'], // WASI
  });
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : 1));
  const first = await Promise.race([once(child, 'message'), exited]);
  if (!Array.isArray(first)) throw new Error(`the embedded Valkey ended with code ${first} before it listened`);
  const [{ port }] = first as [{ port: number }];
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    exited,
    async stop() {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
