/** `deploy/nginx.conf`: nginx takes it, and it fits the API and the composition. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readText, readYaml } from '../support/deployed.ts';
import { fillConf, hasNginx } from '../support/nginx.ts';

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

test('each directive for streams and for stops without a 502 is there', () => {
  for (const directive of [
    'proxy_buffering off',
    'proxy_http_version 1.1',
    'proxy_set_header Connection ""',
    'keepalive 64',
    'keepalive_timeout 60s',
    'client_max_body_size 16m',
    'proxy_set_header user-id ""',
  ])
    expect(conf).toContain(`${directive};`);
  expect(conf).not.toMatch(/\$request_uri|\$args|\$request\b/);
});
