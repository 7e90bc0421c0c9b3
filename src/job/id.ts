/**
 * Job ids: the kind's name, 144 random bits and room for a
 * fingerprint of the input; safe in a URL, a log and a Redis key.
 */
const RANDOM = 24; // characters of base64url, for 18 bytes

/** How many characters of base64url of a digest of its input an id can end with: 48 bits. */
export const FINGERPRINT_LENGTH = 8;

const pattern = new RegExp(`^[a-z]+(?:-[a-z]+)*-[A-Za-z0-9_-]{${RANDOM + FINGERPRINT_LENGTH}}$`);

/**
 * Random bytes for many ids at once, as base64url without a rest: each call
 * of the system's generator costs some 30 µs, however few bytes it makes.
 */
const POOL_BYTES = 6144;
let pool = '';

function randomText(characters: number): string {
  if (pool.length < characters) pool = toBase64Url(crypto.getRandomValues(new Uint8Array(POOL_BYTES)));
  const text = pool.slice(0, characters);
  pool = pool.slice(characters);
  return text;
}

/**
 * A new id. The random bits make it unguessable; a fingerprint, where
 * one is given, tells whether a job was made from the same input.
 */
export function newJobId(kind: string, fingerprint = randomText(FINGERPRINT_LENGTH)): string {
  return `${kind}-${randomText(RANDOM)}${fingerprint}`;
}

/**
 * Whether a text from outside can be a job's id. Nothing else may reach BullMQ: an id equal to
 * one of the queue's own keys (`wait`, `meta`, `events`) would make it read, or destroy, those.
 */
export function isJobId(text: string): boolean {
  return pattern.test(text);
}

/** Whether a job was made from an input of that fingerprint. */
export function isMadeFrom(jobId: string, fingerprint: string): boolean {
  return jobId.endsWith(fingerprint);
}

/** Bytes as base64url (RFC 4648, section 5), without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode.apply(undefined, bytes as unknown as number[]))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
