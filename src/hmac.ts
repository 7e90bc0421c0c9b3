/** HMAC by Node's own crypto: at once, where WebCrypto would take a promise and a thread for a few bytes. */
import { createHmac } from 'node:crypto';

/** HMAC-SHA-256 (RFC 2104) of a text, in base64url without padding. */
export function hmacSha256(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}
