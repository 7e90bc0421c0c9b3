/**
 * The secrets that webhooks are signed with: one for each user, derived
 * from the server's. A user can change it, and both are valid for a day.
 */
import { createHmac } from 'node:crypto';
import { digestOf } from '../store/digest.ts';
import type { Store } from '../store/store.ts';

/**
 * A user's secret, in the form of Standard Webhooks: `whsec_` and base64.
 * `previous`: the one before, until when it is valid, too, in ms since the epoch.
 */
export type UserSecret = { secret: string; version: number; previous?: { secret: string; until: number } | undefined };

/** A secret of an endpoint: its user, its id, and how many secrets it has had. */
export type EndpointVersion = { owner: string; id: string; version: number };

/** How long the secret before is valid after a change, in ms. */
export const SECRET_OVERLAP_MS = 24 * 3600 * 1000;

/**
 * The secrets of all users. Redis keeps only how often a user has changed the secret,
 * under a hash of the user's id. A user who never changed it keeps it when Redis is lost. `roots`:
 * resolves with the server's secrets; new ones are derived from the first, and all sign.
 */
export class WebhookSecrets {
  readonly #store: Store;
  readonly #roots: () => Promise<readonly string[]>;

  constructor(store: Store, roots: () => Promise<readonly string[]>) {
    this.#store = store;
    this.#roots = roots;
  }

  async of(owner: string): Promise<UserSecret> {
    const [{ version, previousUntil }, [root = '']] = await Promise.all([this.#read(owner), this.#roots()]);
    const secretOf = (number: number) => toText(derive(root, owner, number));
    const previous = previousUntil === undefined ? undefined : { secret: secretOf(version - 1), until: previousUntil };
    return { secret: secretOf(version), version, previous };
  }

  /** Changes the secret. The one before signs, too, for a day; one from before that does not. */
  async rotate(owner: string): Promise<UserSecret> {
    const { redis, keys, clock } = this.#store;
    const [changes, at] = fieldsOf(owner);
    const hash = keys.notifications.secrets;
    await this.#store.orUnavailable(() => redis.multi().hincrby(hash, changes, 1).hset(hash, at, clock.now()).exec());
    return this.of(owner);
  }

  /** The keys to sign with now, the newest first. */
  async keysOf(owner: string): Promise<Buffer[]> {
    const [{ version, previousUntil }, roots] = await Promise.all([this.#read(owner), this.#roots()]);
    const versions = previousUntil === undefined ? [version] : [version, version - 1];
    return versions.flatMap((number) => roots.map((root) => derive(root, owner, number)));
  }

  /** A secret of an endpoint. */
  async ofEndpoint(which: EndpointVersion): Promise<string> {
    const [root = ''] = await this.#roots();
    return toText(deriveForEndpoint(root, which));
  }

  /** The keys that secrets of an endpoint are: of each version one by each of the server's secrets. */
  async keysOfEndpoint(which: readonly EndpointVersion[]): Promise<Buffer[]> {
    const roots = await this.#roots();
    return which.flatMap((one) => roots.map((root) => deriveForEndpoint(root, one)));
  }

  /** The version that is valid now, and until when the one before is, too. */
  async #read(owner: string): Promise<{ version: number; previousUntil: number | undefined }> {
    const { redis, keys, clock } = this.#store;
    const [changes, at] = await this.#store.orUnavailable(() => redis.hmget(keys.notifications.secrets, ...fieldsOf(owner)));
    const version = 1 + (Number(changes) || 0);
    const until = (Number(at) || 0) + SECRET_OVERLAP_MS;
    return { version, previousUntil: version > 1 && clock.now() < until ? until : undefined };
  }
}

function fieldsOf(owner: string): [changes: string, at: string] {
  const user = digestOf(owner);
  return [user, `${user}:at`];
}

function derive(root: string, owner: string, version: number): Buffer {
  return createHmac('sha256', root).update(`webhook ${version} ${owner}`).digest();
}

function deriveForEndpoint(root: string, { owner, id, version }: EndpointVersion): Buffer {
  return createHmac('sha256', root).update(`endpoint ${id} ${version} ${owner}`).digest();
}

function toText(key: Buffer): string {
  return `whsec_${key.toString('base64')}`;
}
