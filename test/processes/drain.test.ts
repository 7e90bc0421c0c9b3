/** APIs that are replaced behind a balancer: nobody is refused while one of them stops. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { hasNginx, startDeployedNginx, startNginx } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { startStack } from '../support/stack.ts';

test('an API that stops says at /ready that it does, serves on meanwhile, and ends well', async () => {
  const stack = await startStack({ DRAIN_MS: '2000' });
  process.kill(stack.api.pid, 'SIGTERM');
  await expect.poll(async () => (await fetch(`${stack.url}/ready`)).status, { interval: 10 }).toBe(503);
  const job = await stack.submit();
  expect((await fetch(stack.url + job['statusUrl'])).headers.get('connection')).toBe('close');
  expect(await stack.api.exited).toBe(0);
});

/** Starts nginx before APIs. `server`: what it is told of each of them; `kept`: whether it keeps connections to them. */
const nginxWith =
  (server: string, kept = true) =>
  (urls: string[]) =>
    startNginx(urls, { server, ...(kept && KEPT) });

const KEPT = { upstream: 'keepalive 8;', location: 'proxy_http_version 1.1; proxy_set_header Connection "";' };

/** Ways to replace an API behind nginx: how nginx knows the servers, and whether the next one starts before the last one stops. */
type Way = { how: string; start: (urls: string[]) => Promise<string>; shared?: boolean; turns?: number };

const WAYS: Way[] = [
  { how: 'with our deploy/nginx.conf', start: startDeployedNginx, turns: 10 },
  { how: 'which keeps no connections', start: nginxWith('max_fails=0', false) },
  { how: 'which gives a server up at its first failure', start: nginxWith('max_fails=1 fail_timeout=1s') },
  { how: 'on a port that the old and the new one share', start: nginxWith('max_fails=1 fail_timeout=10s'), shared: true },
];

/** How often an API is replaced in each way; `TURNS` for more, by hand. */
const TURNS = 4;

for (const { how, start, shared = false, turns = TURNS } of WAYS) {
  const times = Number(process.env['TURNS'] ?? turns);
  test.runIf(hasNginx)(`${times} times one of two APIs is replaced behind nginx, ${how}: no 502`, async () => {
    const ports = [await freePort(), await freePort()];
    const limits = { RATE_LIMIT_MAX: '100000', MAX_JOBS_PER_USER: '100000' };
    const stack = await startStack({ ...limits, DRAIN_MS: '500', PORT_SHARED: String(shared) });
    const startAt = (at: number) => stack.startApi({ PORT: String(ports[at]) });
    const apis = [await startAt(0), await startAt(1)];
    const url = await start(apis.map((api) => api.url));
    const statuses: number[] = [];
    let isOver = false;
    onTestFinished(() => void (isOver = true));
    const clients = Array.from({ length: 4 }, async (_, n) => {
      while (!isOver) {
        const init = { method: 'POST', headers: { 'content-type': 'application/json', 'user-id': `user-${n}` } };
        statuses.push((await fetch(`${url}/api/ai/generate-flashcards`, { ...init, body: '{"content":"Hund: dog"}' })).status);
        await pause(20);
      }
    });
    for (let turn = 0; turn < times; turn++) {
      const at = turn % 2;
      const next = shared ? await startAt(at) : undefined;
      expect(await apis[at]?.stop('SIGTERM')).toBe(0);
      const api = (apis[at] = next ?? (await startAt(at)));
      await expect.poll(() => api.log().some(({ msg }) => msg === 'job submitted')).toBe(true);
    }
    isOver = true;
    await Promise.all(clients);
    expect(new Set(statuses)).toEqual(new Set([202]));
  });
}
