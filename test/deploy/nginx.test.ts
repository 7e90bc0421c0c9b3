/** `deploy/nginx.conf`: nginx takes it, and it fits the API and the composition. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readText, readYaml } from '../support/deployed.ts';
import { fillConf, hasNginx, startDeployedNginx, startTrialNginx } from '../support/nginx.ts';

const conf = readText('nginx.conf');

test.runIf(hasNginx)('nginx takes deploy/nginx.conf', () => {
  const folder = fillConf({ port: 8080, servers: ['127.0.0.1:3001', '127.0.0.1:3031'] });
  const { status, stderr } = spawnSync('nginx', ['-t', '-c', `${folder}/nginx.conf`], { encoding: 'utf8' });
  expect([stderr, status]).toEqual([expect.stringContaining('test is successful'), 0]);
});

test('the servers of deploy/nginx.conf are the APIs of compose.yaml, at their port, and its port is the published one', () => {
  const { services } = readYaml('compose.yaml') as { services: Record<string, { build?: { target: string }; ports?: string[] }> };
  const apis = Object.keys(services).filter((name) => services[name]?.build?.target === 'api');
  const servers = [...conf.matchAll(/^ +server (\S+)/gm)].map(([, server = '']) => server).filter((server) => server !== '{');
  expect(servers).toEqual(apis.map((name) => `${name}:3001`));
  expect(services['nginx']?.ports).toEqual([expect.stringMatching(/:8080$/)]);
  expect(conf).toMatch(/^ +listen 8080;/m);
});

test.runIf(hasNginx)(
  'a client can not say who it is; the line for a trial says it for who knows the secret, and for nobody else',
  async () => {
    const api = await startEcho();
    const who = async (url: string, authorization: string) =>
      (await fetch(url, { headers: { authorization, 'user-id': 'ana' } })).headers.get('x-caller');
    const [shipped, trial] = [await startDeployedNginx([api]), await startTrialNginx([api])];
    expect([await who(shipped, 'Bearer a-long-random-secret'), await who(trial, 'Bearer other')]).toEqual(['nobody', 'nobody']);
    expect(await who(trial, 'Bearer a-long-random-secret')).toBe('tester');
  },
);

/** A server that says in `x-caller` whom the header `user-id` names. */
async function startEcho(): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'x-caller': request.headers['user-id'] ?? 'nobody' }).end();
  });
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('each directive for streams and for stops without a 502 is there', () => {
  for (const directive of [
    'proxy_buffering off',
    'proxy_http_version 1.1',
    'proxy_set_header Connection ""',
    'keepalive 64',
    'keepalive_timeout 60s',
    'client_max_body_size 16m',
    'proxy_set_header user-id $caller',
  ])
    expect(conf).toContain(`${directive};`);
  expect(conf).not.toMatch(/\$request_uri|\$args|\$request\b/);
});
