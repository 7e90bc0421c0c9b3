/** The images of `deploy/docker/Dockerfile`, built step by step without Docker: what they hold, and that both run on a read-only root. */
import { expect, inject, test } from 'vitest';
import { startAzureSpeech } from '../support/azure-speech.ts';
import { Builder, canBuild } from '../support/container.ts';
import { freePorts, settingsOfNpm } from '../support/npm-scripts.ts';
import { newPrefix } from '../support/stack.ts';

const MAX_MIB = 140;

test.runIf(canBuild)(
  'both images run as process 1 on a read-only root, with Node once and compiled code, and do a job of each kind',
  { timeout: 300_000 },
  async () => {
    const builder = new Builder('deploy/docker/Dockerfile', { ...settingsOfNpm(), npm_config_prefer_offline: 'true' });
    const images = { api: builder.build('api'), worker: builder.build('worker') };
    expect(builder.size('api') / 1024 ** 2).toBeLessThan(MAX_MIB);

    const azure = await startAzureSpeech();
    const ports = await freePorts();
    const env = {
      REDIS_URL: inject('redisUrl'),
      REDIS_KEY_PREFIX: newPrefix(),
      AUTH: 'trusted-header',
      AI_PROVIDER: 'offline',
      DRAIN_MS: '0',
    };
    const compiling = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const api = builder.run(images.api, { ...env, PORT: ports.PORT, ...compiling });
    const worker = builder.run(images.worker, { ...env, ...azure.env, WORKER_HEALTH_PORT: ports.WORKER_HEALTH_PORT });
    await Promise.all([api.said(/api listening/), worker.said(/worker listening/)]);
    expect(api.output()).toMatch(/"pid":1,/);
    // All that a start loads was compiled at the build, and V8 takes it.
    expect(api.output()).toMatch(/code cache for ESM file:\/\/\/srv\/ai-jobs\/src\/main\.ts was accepted/);
    expect(api.output()).not.toMatch(/no such file or directory|was rejected/);

    const inside = (command: string[], more = {}) => builder.run(images.api, { ...env, ...ports, ...more }, command);
    const smoke = inside(['node', 'scripts/smoke.ts', `http://127.0.0.1:${ports.PORT}`, `http://127.0.0.1:${ports.WORKER_HEALTH_PORT}`]);
    expect([await smoke.exited, smoke.output()]).toEqual([0, expect.stringMatching(/8 passed, 0 failed[^]+4 passed, 0 failed/)]);

    const health = inside(['node', 'scripts/ask-health.ts', 'worker']);
    expect(await health.exited).toBe(0);
    const rights = inside([
      'sh',
      '-c',
      'id -u; touch new; touch /var/cache/ai-jobs/new; ls /srv/ai-jobs/node_modules | grep ^node-linux; echo "${HOME-no home}"',
    ]);
    await rights.exited;
    expect(rights.output()).toMatch(/^1000\n.*Read-only file system\n.*Read-only file system\nno home\n$/);

    for (const { signal, exited } of [api, worker]) {
      signal('SIGTERM');
      expect(await exited).toBe(0);
    }
  },
);
