/** Reads base64 (RFC 4648) of a file, bare or as a data URI (RFC 2397), strictly: what is none is told, and not guessed at. */

/** A data URI's head; its media type is not believed. */
const DATA_URI = /^data:[^,]{0,200};base64,/i;

/** How many characters stand in a line where base64 is wrapped (RFC 2045, section 6.8), and with the line break as JSON escapes it. */
const LINE = { characters: 76, escaped: 80 };

/** How many characters a file of so many bytes can have at most, in JSON. */
export function base64Length(bytes: number): number {
  return Math.ceil((Math.ceil(bytes / 3) * 4 * LINE.escaped) / LINE.characters) + 256;
}

/** The bytes; undefined if the text is no base64. Line breaks, as of MIME and PEM, and the URL-safe alphabet are taken, too. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const body = text.replace(DATA_URI, '').replaceAll(/\s+/g, '');
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(body)) return undefined;
  const digits = body.replace(/=+$/, '').length;
  if (digits % 4 === 1 || (body.length > digits && body.length % 4 !== 0)) return undefined;
  return Buffer.from(body, 'base64');
}
