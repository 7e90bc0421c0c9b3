/**
 * Digests and signatures by Node's own SHA-256, which answers at once. WebCrypto would take a
 * promise and a thread for a few bytes.
 */
import { createHmac, hash } from 'node:crypto';

/** SHA-256 of a value's JSON, in base64url. */
export function digestOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64url');
}

/** HMAC-SHA-256 (RFC 2104) of a text, in base64url without padding. */
export function hmacOf(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** SHA-256 of bytes, in base64url. */
export function digestOfBytes(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64url');
}
