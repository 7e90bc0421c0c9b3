/**
 * Users by the `user-id` header, which is believed: a gateway sets it, or the process is one of
 * development.
 */
import { z } from 'zod';
import { ProblemError } from '../job/problem.ts';
import type { Caller, Identification, ReadHeader } from './caller.ts';

const USER_ID = /^[^\p{Cc}\p{Cs}]{1,256}$/u;
const EXPECTED = 'must be 1 to 256 visible characters';

/**
 * A user's id without spaces around it and in Unicode's NFC: it is the same however it was sent.
 */
const normalize = (text: string): string => text.trim().normalize('NFC');

/**
 * A user's id: 1 to 256 characters without control characters, and without half of a surrogate
 * pair: Redis would keep all halves as one.
 */
export const userId = z.string().transform(normalize).pipe(z.string().regex(USER_ID, EXPECTED));

/** Makes the digest of a key. */
export type DigestOfKey = (key: string) => string;

/**
 * Identification by the header. `required`: whether every request needs it, as behind a gateway. If
 * not, `digest` makes a user of each key.
 */
export function byHeader(required: boolean, digest: DigestOfKey): Identification {
  return {
    required,
    description: required
      ? 'by the user-id header, which the gateway sets'
      : 'by the user-id header, which is believed: for development only',
    advice: 'Say who you are: send the user-id header (behind a gateway, the gateway sets it).',
    identify: namedBy,
    ...(!required && { identifyByKey: (headerOf: ReadHeader) => namedBy(headerOf) ?? keyHolder(headerOf, digest) }),
  };
}

function namedBy(headerOf: ReadHeader): Caller | undefined {
  const header = headerOf('user-id');
  if (header === undefined || header.trim() === '') return undefined;
  const user = normalize(fromLatin1(header));
  if (!USER_ID.test(user)) throw new ProblemError('invalid_input', `The user-id header ${EXPECTED}.`);
  return { user };
}

/** The user that a key stands for: a digest, so that the key itself is kept nowhere. */
function keyHolder(headerOf: ReadHeader, digest: DigestOfKey): Caller | undefined {
  const key = /^Bearer +(\S+)\s*$/i.exec(headerOf('authorization') ?? '')?.[1];
  return key === undefined ? undefined : { user: `key:${digest(key)}` };
}

/**
 * Decodes a header as UTF-8. Node hands over each byte as one character; clients send letters
 * outside of ASCII as UTF-8.
 */
function fromLatin1(text: string): string {
  // oxlint-disable-next-line no-control-regex
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  } catch {
    return text;
  }
}
