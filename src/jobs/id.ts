/** Job ids: the kind's name and 144 random bits, in a form that is safe in a URL, a log and a Redis key. */
import { kinds, type KindName } from './index.ts';

const RANDOM_BYTES = 18; // 24 characters of base64url, none of them padding
const pattern = new RegExp(`^(?:${kinds.map(({ name }) => name).join('|')})-[A-Za-z0-9_-]{24}$`);

/** A new id; its random bits make it unguessable. */
export function newJobId(kind: KindName): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_BYTES));
  const random = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  return `${kind}-${random}`;
}

/**
 * Whether a text from outside can be a job's id. Nothing else may reach BullMQ: an id equal to one of the
 * queue's own keys (`wait`, `meta`, `events`) would make it read, or destroy, those.
 */
export function isJobId(text: string): boolean {
  return pattern.test(text);
}
