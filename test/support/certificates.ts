/** Certificates of a test's own, made by openssl: an authority, and what it has signed for a server on this machine. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Whether this machine can make certificates. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Paths of files in PEM, and the authority's certificate as text. */
export type Certificates = { ca: string; caText: string; certificate: string; key: string };

/** Makes them; they go with the test. `names`: what the server's certificate is for. */
export function makeCertificates(names = 'DNS:localhost,IP:127.0.0.1'): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'ai-jobs-certificates-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  const make = (name: string, ...more: string[]) => {
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const made = spawnSync('openssl', [...request, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`), ...more], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
  };
  make('ca', '-subj', '/CN=the authority of a test');
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-addext', 'basicConstraints=critical,CA:FALSE'];
  make('server', '-subj', '/CN=a server of a test', '-addext', `subjectAltName=${names}`, ...signed);
  return { ca: at('ca.pem'), caText: readFileSync(at('ca.pem'), 'utf8'), certificate: at('server.pem'), key: at('server.key') };
}
