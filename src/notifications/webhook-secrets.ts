/** The secrets that webhooks are signed with: one for each user, derived from the server's. A user can change it, and both are valid for a day. */
import { createHmac } from 'node:crypto';
import { digestOf } from '../store/digest.ts';
import type { Store } from '../store/store.ts';

/** A user's secret, in the form of Standard Webhooks: `whsec_` and base64. `previous`: the one before, until when it is valid, too, in ms since the epoch. */
export type UserSecret = { secret: string; version: number; previous?: { secret: string; until: number } | undefined };

/** See the file's head. */
export type WebhookSecrets = {
  of(owner: string): Promise<UserSecret>;
  /** Changes the secret. The one before signs, too, for a day; one from before that does not. */
  rotate(owner: string): Promise<UserSecret>;
  /** The keys to sign with now, the newest first. */
  keysOf(owner: string): Promise<Buffer[]>;
};

/** What they are made with. `roots`: resolves with the server's secrets; new ones are derived from the first, and all sign. */

/** How long the secret before is valid after a change, in ms. */
const BOTH_MS = 24 * 3600 * 1000;

/** Makes them. Redis keeps only how often a user has changed the secret, under a hash of the user's id. Who never did loses nothing with Redis. */
export function createWebhookSecrets(store: Store, roots: () => Promise<readonly string[]>): WebhookSecrets {
  const hash = store.keys.notifications.secrets;
  const derive = (root: string, owner: string, version: number): Buffer =>
    createHmac('sha256', root).update(`webhook ${version} ${owner}`).digest();
  const fieldsOf = (owner: string): [changes: string, at: string] => {
    const user = digestOf(owner);
    return [user, `${user}:at`];
  };
  /** The versions that are valid, the newest first. */
  const read = async (owner: string): Promise<{ version: number; previousUntil: number | undefined }> => {
    const [changes, at] = await store.orUnavailable(() => store.redis.hmget(hash, ...fieldsOf(owner)));
    const version = 1 + (Number(changes) || 0);
    const until = (Number(at) || 0) + BOTH_MS;
    return { version, previousUntil: version > 1 && store.clock.now() < until ? until : undefined };
  };
  const of = async (owner: string): Promise<UserSecret> => {
    const [{ version, previousUntil }, [root = '']] = await Promise.all([read(owner), roots()]);
    const secretOf = (number: number) => `whsec_${derive(root, owner, number).toString('base64')}`;
    return {
      secret: secretOf(version),
      version,
      previous: previousUntil === undefined ? undefined : { secret: secretOf(version - 1), until: previousUntil },
    };
  };
  return {
    of,
    async rotate(owner) {
      const [changes, at] = fieldsOf(owner);
      await store.orUnavailable(() => store.redis.multi().hincrby(hash, changes, 1).hset(hash, at, store.clock.now()).exec());
      return of(owner);
    },
    async keysOf(owner) {
      const [{ version, previousUntil }, all] = await Promise.all([read(owner), roots()]);
      const versions = previousUntil === undefined ? [version] : [version, version - 1];
      return versions.flatMap((number) => all.map((root) => derive(root, owner, number)));
    },
  };
}
