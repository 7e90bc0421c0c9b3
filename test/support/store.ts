/** The store that a run of the suite stands on: embedded, a native Redis (TEST_REDIS_URL, or a server of its own), or a native Valkey. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedStore } from '../../src/embedded/start.ts';
import { freePort } from './ports.ts';
import { launchRedis } from './redis.ts';
import { WAIT_MS } from './waits.ts';
import { checkStoreUse } from './store-use.ts';

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const store = await STORES[project.name as keyof typeof STORES]();
  // Where trouble of Redis is not what a test is about, a busy machine does not count as such: ioredis takes options in the address.
  project.provide('redisUrl', `${store.url}?commandTimeout=${WAIT_MS}`);
  return async () => {
    try {
      await checkStoreUse(project);
    } finally {
      await store.stop();
    }
  };
}

/** How each store is started, by the name of its project in vitest.config.ts. */
const STORES = {
  embedded: startEmbeddedStore,
  async native() {
    const given = process.env['TEST_REDIS_URL'];
    return given === undefined ? startNative('redis-server') : { url: given, stop: async () => {} };
  },
  valkey: () => startNative('valkey-server'),
};

async function startNative(program: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-redis-'));
  const port = await freePort();
  const server = await launchRedis(port, folder, [], { program });
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      const gone = once(server, 'exit');
      server.kill();
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}
