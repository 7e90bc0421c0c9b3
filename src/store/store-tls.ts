/** TLS to the store: whose certificates are trusted, and what is said of one that is not. */
import { OwnError } from '../job/own-error.ts';
import type { StoreAddress } from './store-address.ts';

/**
 * How the certificate of a server is checked. `ca`: certificates in PEM that are trusted
 * instead of those that Node trusts. `checked`: whether it is checked at all.
 */
export type StoreTls = { ca?: string | undefined; checked: boolean };

/** What a connection with TLS is opened with, as `tls.connect` takes it. */
export type TlsOptions = { ca?: string; rejectUnauthorized: boolean };

/** Codes of Node's errors, by their beginnings: the certificate of a server is not trusted. */
export const UNTRUSTED = /^(ERR_TLS_CERT_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** What a connection is encrypted with; undefined where its address says no TLS. */
export function tlsOf(address: StoreAddress, { ca, checked }: StoreTls = { checked: true }): TlsOptions | undefined {
  const encrypted = address.type === 'single' ? address.url.startsWith('rediss:') : address.tls;
  return encrypted ? { ...(ca !== undefined && { ca }), rejectUnauthorized: checked } : undefined;
}

/** Whether a connection failed because the server's certificate is not trusted. */
export function isUntrusted(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && UNTRUSTED.test(error.code);
}

/** What to do by the code of such an error; the first beginning that fits counts. */
const ADVICE: readonly [beginning: RegExp, advice: string][] = [
  [/^ERR_TLS_CERT_ALTNAME/, 'give the host name that the certificate is for'],
  [/^CERT_HAS_EXPIRED/, 'the host has to renew it'],
  [/^CERT_NOT_YET_VALID/, "it is valid later; is this machine's clock right?"],
  [/./, 'set REDIS_TLS_CA to the certificate of the authority that has signed it (PEM, or the path of a file)'],
];

/**
 * Says why a server is not trusted, and what to do. `hasCa`: whether
 * it was said which authority counts.
 */
export function distrust({ code }: { code: string }, hasCa: boolean): OwnError {
  const advice = ADVICE.find(([beginning]) => beginning.test(code))?.[1] ?? '';
  const why = hasCa ? 'is not signed by what REDIS_TLS_CA names, or is not valid' : 'is not trusted';
  return new OwnError(
    `REDIS_URL: the certificate of the server ${why} (${code}): ${advice}. REDIS_TLS_REJECT_UNAUTHORIZED=false connects unchecked: whoever is on the way can read and change everything.`,
  );
}

/** What an operator is reminded of where certificates are not checked. */
export const UNCHECKED =
  'The certificate of Redis is not checked (REDIS_TLS_REJECT_UNAUTHORIZED=false): whoever is on the way can read and change everything. REDIS_TLS_CA names whom to trust.';
