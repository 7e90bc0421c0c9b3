/** TLS to the store: whose certificates are trusted, over each sort of address, and what is said of one that is not. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/store/redis-connection.ts';
import { readStoreAddress } from '../../src/store/store-address.ts';
import { type StoreTls, tlsOf } from '../../src/store/store-tls.ts';
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.ts';
import { openOwnStore } from '../support/own-store.ts';
import { freePort } from '../support/ports.ts';
import { launchRedis } from '../support/redis.ts';
import { isEnd } from '../support/sse.ts';
import { startProcess, startStack } from '../support/stack.ts';

const able = hasOpenssl && spawnSync('redis-server', ['--version']).status === 0;

/** Starts a server that speaks TLS only. `before`: settings in front, such as a file. */
async function startEncrypted({ certificate, key, ca }: Certificates, settings: string[] = [], before: string[] = []): Promise<number> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-redis-'));
  const tls = ['--port', '0', '--tls-port', String(port), '--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca];
  const all = [...tls, '--tls-auth-clients', 'no', '--tls-replication', 'yes', ...settings];
  const server = await launchRedis(port, folder, all, { file: before });
  onTestFinished(async () => {
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true });
  });
  return port;
}

/** Addresses that lead to several servers with this certificate. */
const ADDRESSES: Record<string, (certificates: Certificates) => Promise<string>> = {
  async sentinels(certificates) {
    const folder = await mkdtemp(join(tmpdir(), 'ai-jobs-sentinel-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'sentinel.conf');
    await writeFile(file, `sentinel monitor main 127.0.0.1 ${await startEncrypted(certificates)} 1\n`);
    return `rediss+sentinel://127.0.0.1:${await startEncrypted(certificates, ['--sentinel'], [file])}/main`;
  },
  async 'a cluster'(certificates) {
    const port = await startEncrypted(certificates, [
      '--cluster-enabled',
      'yes',
      '--tls-cluster',
      'yes',
      '--cluster-announce-ip',
      '127.0.0.1',
    ]);
    const redis = new Redis({ port, host: '127.0.0.1', tls: { ca: certificates.caText } });
    await redis.cluster('ADDSLOTSRANGE', 0, 16_383);
    redis.disconnect();
    return `rediss+cluster://127.0.0.1:${port}`;
  },
};

const UNTRUSTED = /^REDIS_URL: the certificate of the server is not trusted \((SELF_SIGNED|UNABLE_TO)\w+\): set REDIS_TLS_CA/;
const WRONG = /^REDIS_URL: the certificate of the server is not signed by what REDIS_TLS_CA names/;

test.runIf(able)('a single server with TLS: the right authority, another one, none, and unchecked', async () => {
  const certificates = makeCertificates();
  const url = `rediss://127.0.0.1:${await startEncrypted(certificates)}`;
  const open = (tls?: StoreTls) => openOwnStore(url, { tls });
  const trusted = await open({ ca: certificates.caText, checked: true });
  await expect(trusted.store.redis.set(trusted.store.keys.probe, '1', 'PX', 1000)).resolves.toBe('OK');
  await expect(trusted.store.connect('wait').redis.ping()).resolves.toBe('PONG');
  expect(trusted.store.warnings()).toEqual([]);

  await expect(open()).rejects.toThrow(UNTRUSTED);
  await expect(open({ ca: makeCertificates().caText, checked: true })).rejects.toThrow(WRONG);

  const unchecked = await open({ checked: false });
  await expect(unchecked.store.redis.ping()).resolves.toBe('PONG');
  expect(unchecked.store.warnings()).toEqual([expect.stringMatching(/^The certificate of Redis is not checked/)]);
  expect(unchecked.lines.map(({ msg }) => msg)).toContain(unchecked.store.warnings()[0]);
});

test.runIf(able).each(Object.entries(ADDRESSES))('%s with TLS: every connection trusts the authority that was said', async (_, start) => {
  const certificates = makeCertificates();
  const url = await start(certificates);
  for (const tls of [{ ca: certificates.caText, checked: true }, { checked: false }]) {
    const redis = connect(url, 'wait', () => {}, { tls });
    onTestFinished(() => redis.disconnect());
    expect(await redis.get('{a}')).toBeNull();
  }
});

test.each(['redis', 'rediss'])('an address of each sort that begins with %s is encrypted only as it says', (scheme) => {
  for (const url of [`${scheme}://one`, `${scheme}+sentinel://one/m`, `${scheme}+cluster://one`]) {
    const encrypted = scheme === 'rediss';
    expect(tlsOf(readStoreAddress(url))).toEqual(encrypted ? { rejectUnauthorized: true } : undefined);
    expect(tlsOf(readStoreAddress(url), { ca: 'x', checked: false })).toEqual(
      encrypted ? { ca: 'x', rejectUnauthorized: false } : undefined,
    );
  }
});

test.runIf(able)('a server that is no longer trusted after the start is trouble with a name, and is told of once', async () => {
  const { store, lines } = await openOwnStore(`rediss://127.0.0.1:${await freePort()}`);
  const error = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' });
  store.report('redis', error);
  store.report('redis', error);
  expect(store.monitor.trouble()).toEqual({ type: 'refuses', code: 'CERTIFICATE' });
  expect(lines.filter(({ msg }) => String(msg).includes('(CERT_HAS_EXPIRED): the host has to renew it'))).toHaveLength(1);
});

test.runIf(able)('a certificate for another name is told by what to do about it', async () => {
  const certificates = makeCertificates('DNS:redis.example');
  const url = `rediss://127.0.0.1:${await startEncrypted(certificates)}`;
  const opening = openOwnStore(url, { tls: { ca: certificates.caText, checked: true } });
  await expect(opening).rejects.toThrow(/\(ERR_TLS_CERT_ALTNAME_INVALID\): give the host name that the certificate is for/);
});

test.runIf(able)('API and worker run jobs over TLS with REDIS_TLS_CA, and end with a sentence without it', async () => {
  const certificates = makeCertificates();
  const env = { REDIS_URL: `rediss://localhost:${await startEncrypted(certificates)}`, AI_PROVIDER: 'offline' };
  const stack = await startStack({ ...env, REDIS_TLS_CA: certificates.ca });
  await stack.startWorker({ REDIS_TLS_CA: certificates.caText.replaceAll('\n', '\\n') });
  expect((await (await stack.watch(await stack.submit())).until(isEnd)).event).toBe('completed');
  for (const file of ['src/main.ts', 'worker/main.ts'])
    await expect(startProcess(file, { ...env, PORT: '0', WORKER_HEALTH_PORT: '0' })).rejects.toThrow(
      /ended \(1\)[^]*REDIS_URL: the certificate/,
    );
});
