/**
 * Reads base64 (RFC 4648) of a file, bare or as a data URI (RFC 2397), strictly: a text that is not
 * base64 is refused, and not guessed at.
 */

/** A data URI's head; its media type is not believed. */
const DATA_URI = /^data:[^,]{0,200};base64,/i;

/**
 * The length of a line of wrapped base64 (RFC 2045, section 6.8), and of one with its line break as
 * JSON escapes it.
 */
const LINE = { characters: 76, escaped: 80 };

/** How many characters a file of so many bytes can have at most, in JSON. */
export function base64Length(bytes: number): number {
  return Math.ceil((Math.ceil(bytes / 3) * 4 * LINE.escaped) / LINE.characters) + 256;
}

/**
 * The bytes; undefined if the text is no base64. Line breaks, as of MIME and PEM, and the URL-safe
 * alphabet are taken, too.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const body = text.replace(DATA_URI, '');
  return decodeDigits(body) ?? decodeDigits(body.replaceAll(/\s+/g, ''));
}

/**
 * The bytes of a text without white space. The decoder skips characters that are no digits; then
 * there are fewer bytes than the length says. A pattern over ten million characters would cost five
 * times as much.
 */
function decodeDigits(body: string): Uint8Array | undefined {
  const padding = body.endsWith('==') ? 2 : body.endsWith('=') ? 1 : 0;
  const digits = body.length - padding;
  if (digits % 4 === 1 || (padding > 0 && body.length % 4 !== 0)) return undefined;
  const bytes = Buffer.from(body, 'base64');
  return bytes.byteLength === Math.floor((digits * 3) / 4) ? bytes : undefined;
}
