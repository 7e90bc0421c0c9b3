/** Certificates in a variable: as text, or as the path of a file. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const EXPECTED = 'expected certificates in PEM (-----BEGIN CERTIFICATE-----), or the path of a file that has them';

/**
 * Certificates in PEM. Where a value has one line only, as many hosts
 * demand, `\n` stands for the end of a line.
 */
export const certificates = z.string().transform((text, context): string => {
  const reading = text.includes('-----BEGIN') ? text.replaceAll('\\n', '\n') : readIfThere(text.trim());
  const blocks = reading?.match(BLOCK) ?? [];
  if (blocks.length > 0 && blocks.every(isCertificate)) return blocks.join('\n');
  context.addIssue({ code: 'custom', message: reading === undefined ? `${EXPECTED}; there is no such file` : EXPECTED });
  return z.NEVER;
});

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).fingerprint256.length > 0;
  } catch {
    return false;
  }
}
