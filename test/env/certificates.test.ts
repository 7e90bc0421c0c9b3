/** REDIS_TLS_CA and REDIS_TLS_REJECT_UNAUTHORIZED: certificates as text or by a path, and only for an address with TLS. */
import { rootCertificates } from 'node:tls';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';

const TLS = { REDIS_URL: 'rediss://127.0.0.1:6379' };
const [first = '', second = ''] = rootCertificates;

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-certificates-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'ca.pem'), text);
  return join(folder, 'ca.pem');
}

test.each([
  ['as text', () => `${first}\n${second}`],
  ['in one line', () => `${first}\n${second}`.replaceAll('\n', '\\n')],
  ['in a file, with a note before each', () => fileOf(`# the first\n${first}\n# the second\n${second}\n`)],
])('two certificates %s', (_, value) => {
  expect(loadConfig({ ...TLS, REDIS_TLS_CA: value() }, 'api').redisTls).toEqual({ ca: `${first}\n${second}`, checked: true });
});

test.each([
  [
    'a path that leads nowhere',
    '/nowhere/ca.pem',
    /^The environment has a mistake:\n {2}REDIS_TLS_CA: expected certificates.*no such file$/,
  ],
  ['a key', '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----', /REDIS_TLS_CA: expected certificates/],
  [
    'a block that is no certificate',
    '-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----',
    /REDIS_TLS_CA: expected certificates/,
  ],
])('%s is a mistake', (_, value, message) => {
  expect(() => loadConfig({ ...TLS, REDIS_TLS_CA: value }, 'api')).toThrow(message);
  expect(() => loadConfig({ ...TLS, REDIS_TLS_CA: value }, 'api')).not.toThrow('c2VjcmV0');
});

test('both are about an address with TLS only, of any sort', () => {
  const both = { REDIS_TLS_CA: first, REDIS_TLS_REJECT_UNAUTHORIZED: 'false' };
  for (const url of ['rediss://one', 'rediss+sentinel://one/m', 'rediss+cluster://one'])
    expect(loadConfig({ ...both, REDIS_URL: url }, 'api').redisTls).toEqual({ ca: first, checked: false });
  for (const url of ['redis://one', 'redis+sentinel://one/m', 'redis+cluster://one'])
    expect(() => loadConfig({ ...both, REDIS_URL: url }, 'api')).toThrow(
      /REDIS_TLS_CA: expected REDIS_URL to begin with rediss[^]*UNAUTHORIZED: exp/,
    );
});
