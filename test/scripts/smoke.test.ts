/** What checks a deployment sends the session of its user to that deployment alone, whatever answers say, and says when it needs one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { addressAt } from '../../conformance/http.ts';
import { trickyAddresses } from '../support/addresses.ts';
import { createDice } from '../support/dice.ts';
import { sendJson, startVendorServer, type VendorServer } from '../support/vendor-server.ts';

/** Runs the smoke check with a session. Resolves with what it printed. */
const smoke = (...urls: string[]): Promise<string> => smokeAs('secret', ...urls);

/** The same with this token, or without one where it is empty. */
async function smokeAs(token: string, ...urls: string[]): Promise<string> {
  const script = fileURLToPath(new URL('../../scripts/smoke.ts', import.meta.url));
  const child = spawn(process.execPath, [script, ...urls], {
    env: { ...process.env, SMOKE_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  await once(child, 'close');
  return output;
}

/** A deployment whose answers to submissions name this address. */
const startLiar = (statusUrl: () => string): Promise<VendorServer> =>
  startVendorServer((response, { method, url }) => {
    const job = { jobId: 'x', status: 'queued', statusUrl: statusUrl() };
    return method === 'POST' ? sendJson(response, 202, job) : sendJson(response, 200, { kinds: [], counts: {}, workers: 1, url });
  });

test('the smoke check sends SMOKE_TOKEN to no server that an answer names, nor to one that a redirect leads to', async () => {
  const evil = await startVendorServer((response) => sendJson(response, 200, { status: 'completed' }));
  const host = new URL(evil.url).host;
  const tricks = [`http://${host}/x`, `//${host}/x`, `/\t/${host}/x`, `/\\${host}/x`];
  let asked = 0;
  const liar = await startLiar(() => tricks[asked++ % tricks.length] ?? '');
  expect(await smoke(liar.url)).toMatch(/is not one of http.*nothing was sent there[\s\S]* failed/);
  const redirecting = await startVendorServer((response, { url }) => response.writeHead(307, { location: evil.url + url }).end());
  expect(await smoke(redirecting.url)).toContain('answered 307');
  expect([liar.calls.length > 0, redirecting.calls.length > 0, evil.calls]).toEqual([true, true, []]);
});

test('who is refused is told about SMOKE_TOKEN: to set it, or that it is not taken', async () => {
  const gateway = await startVendorServer((response, { method }) =>
    method === 'POST' ? sendJson(response, 401, { code: 'unauthorized' }) : sendJson(response, 200, { kinds: [], counts: {}, workers: 1 }),
  );
  expect(await smokeAs('', gateway.url)).toMatch(/answered 401 \(set SMOKE_TOKEN/);
  expect(await smokeAs('old', gateway.url)).toMatch(/answered 401 \(SMOKE_TOKEN is not taken/);
});

test("a worker's address gets no session", async () => {
  const worker = await startVendorServer((response) => sendJson(response, 200, { status: 'ok', provider: 'offline' }));
  const liar = await startLiar(() => '//evil.example');
  await smoke(liar.url, worker.url);
  expect(worker.calls.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/health', undefined]]);
  expect(liar.calls.some(({ headers }) => headers.authorization === 'Bearer secret')).toBe(true);
});

test('an address that an answer gave is taken only if it is parsed to one of the same origin', () => {
  const origin = new URL('https://api.example:8443/');
  const taken = trickyAddresses('evil.example', createDice(18)).flatMap((address) => {
    try {
      return [addressAt(origin, address)];
    } catch (error) {
      expect(String(error)).toContain('nothing was sent there');
      return [];
    }
  });
  expect(new Set(taken.map((url) => url.origin))).toEqual(new Set([origin.origin]));
  expect(addressAt(origin, '/api/jobs/x/events?token=a.b').href).toBe('https://api.example:8443/api/jobs/x/events?token=a.b');
});
