/** What a request announces of its body: its type, its coding and its charset. Nothing is decoded here that is not JSON or a form in UTF-8. */
import { ProblemError } from '../job/problem.ts';

/** A charset parameter of a media type (RFC 9110, section 8.3.2). */
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
const UTF_8 = /^utf-?8$/i;

/**
 * Checks that a body, or a part of a form, is in UTF-8 if it names a charset. `what`: who is told of, in words.
 * @throws ProblemError `unsupported_media_type`
 */
export function checkCharset(contentType: string, what: string): void {
  const charset = CHARSET.exec(contentType)?.[1];
  if (charset === undefined || UTF_8.test(charset)) return;
  throw new ProblemError('unsupported_media_type', `${what} must be UTF-8; send it so, with the charset utf-8 or none.`);
}

/**
 * Checks that a body comes as it is.
 * @throws ProblemError `unsupported_media_type` if it is compressed, or coded in another way
 */
export function checkCoding(contentEncoding: string | undefined): void {
  if (contentEncoding === undefined || /^\s*(identity\s*)?$/i.test(contentEncoding)) return;
  throw new ProblemError('unsupported_media_type', 'The body must come as it is: send it without Content-Encoding.', {
    headers: { 'Accept-Encoding': 'identity' },
  });
}
