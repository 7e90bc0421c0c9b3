/** Reads base64 (RFC 4648) of a file, bare or as a data URI (RFC 2397), strictly: what is none is told, and not guessed at. */

/** A data URI's head; its media type is not believed. */
const DATA_URI = /^data:[^,]{0,200};base64,/i;

/** How many characters a file of so many bytes can have at most. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4 + 256;
}

/** The bytes; undefined if the text is no base64. The URL-safe alphabet is taken, too. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const body = text.replace(DATA_URI, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(body)) return undefined;
  const digits = body.replace(/=+$/, '').length;
  if (digits % 4 === 1 || (body.length > digits && body.length % 4 !== 0)) return undefined;
  return Buffer.from(body, 'base64');
}
