/**
 * Webhook endpoints: addresses that a user has named once, and that hear of the ends of all Responses
 * in the background. Each has a secret of its own, which is derived and stored nowhere.
 */
import { randomBytes } from 'node:crypto';
import { parseJson } from '../job/parse-json.ts';
import type { ResponseEnd } from '../job/response.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import { type EndpointVersion, SECRET_OVERLAP_MS, type WebhookSecrets } from './webhook-secrets.ts';

/** How many a user may have. */
export const MAX_ENDPOINTS = 10;

/** An event that an endpoint can hear of. */
export type ResponseEventType = `response.${ResponseEnd}`;

/** What a user says of an endpoint. */
export type EndpointTerms = { name: string; url: string; events: ResponseEventType[] };

/**
 * An endpoint. `version`: how many secrets it has had; `previousUntil`: until when the one before
 * is valid, too. Times are ms since the epoch.
 */
export type WebhookEndpoint = EndpointTerms & {
  id: string;
  createdAt: number;
  updatedAt: number;
  version: number;
  previousUntil?: number | undefined;
};

/** The endpoints of all users. Calls reject with `queue_unavailable` while Redis is away. */
export class WebhookEndpoints {
  readonly #store: Store;
  readonly #secrets: WebhookSecrets;
  readonly #put;

  constructor(store: Store, secrets: WebhookSecrets) {
    this.#store = store;
    this.#secrets = secrets;
    this.#put = store.script(new URL('scripts/put_endpoint.lua', import.meta.url), {
      keys: ['endpoints'],
      args: ['id', 'before', 'after', 'max'],
    });
  }

  /** Whether a user has any. */
  async any(owner: string): Promise<boolean> {
    return (await this.#store.orUnavailable(() => this.#store.redis.exists(this.#keyOf(owner)))) === 1;
  }

  /** The endpoints of a user, the newest first. */
  async of(owner: string): Promise<WebhookEndpoint[]> {
    const read = () => this.#store.redis.hgetall(this.#keyOf(owner)).catch(ifWrongType<Record<string, string>>({}));
    const texts = Object.entries(await this.#store.orUnavailable(read));
    const endpoints = texts.flatMap(([id, text]) => toEndpoint(id, text) ?? []);
    return endpoints.toSorted((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1));
  }

  /** One of them; undefined if there is none of this id. */
  async find(owner: string, id: string): Promise<WebhookEndpoint | undefined> {
    return (await this.#read(owner, id)).endpoint;
  }

  /** Makes one; undefined if the user has as many as one may have. */
  async create(owner: string, terms: EndpointTerms): Promise<WebhookEndpoint | undefined> {
    const now = this.#store.clock.now();
    const id = `whe_${randomBytes(16).toString('hex')}`;
    const endpoint = { id, ...terms, createdAt: now, updatedAt: now, version: 1 };
    return (await this.#write(owner, '', endpoint)) === 1 ? endpoint : undefined;
  }

  /** Changes what a user has said of it; undefined if there is none of this id. */
  update(owner: string, id: string, terms: Partial<EndpointTerms>): Promise<WebhookEndpoint | undefined> {
    return this.#change(owner, id, (endpoint) => {
      const { name, url, events } = { ...endpoint, ...terms };
      const isSame = JSON.stringify([name, url, events]) === JSON.stringify([endpoint.name, endpoint.url, endpoint.events]);
      return isSame ? endpoint : { ...endpoint, name, url, events, updatedAt: this.#store.clock.now() };
    });
  }

  /** Gives it another secret. `overlap`: whether the one before signs, too, for a day. */
  rotate(owner: string, id: string, overlap: boolean): Promise<WebhookEndpoint | undefined> {
    return this.#change(owner, id, (endpoint) => {
      const now = this.#store.clock.now();
      const previousUntil = overlap ? now + SECRET_OVERLAP_MS : undefined;
      return { ...endpoint, version: endpoint.version + 1, updatedAt: now, previousUntil };
    });
  }

  /** Removes it. What is on its way to it is not sent any more. Resolves with whether there was one. */
  async remove(owner: string, id: string): Promise<boolean> {
    return (await this.#store.orUnavailable(() => this.#store.redis.hdel(this.#keyOf(owner), id))) === 1;
  }

  /** Removes all of a user's. */
  async eraseUser(owner: string): Promise<void> {
    await this.#store.orUnavailable(() => this.#store.redis.del(this.#keyOf(owner)));
  }

  /** The secret that it has now, in the form of Standard Webhooks. */
  secretOf(owner: string, { id, version }: WebhookEndpoint): Promise<string> {
    return this.#secrets.ofEndpoint({ owner, id, version });
  }

  /** The keys to sign with now, the newest first. */
  keysOf(owner: string, { id, version, previousUntil = 0 }: WebhookEndpoint): Promise<Buffer[]> {
    const versions = this.#store.clock.now() < previousUntil ? [version, version - 1] : [version];
    return this.#secrets.keysOfEndpoint(versions.map((one): EndpointVersion => ({ owner, id, version: one })));
  }

  async #change(owner: string, id: string, change: (before: WebhookEndpoint) => WebhookEndpoint): Promise<WebhookEndpoint | undefined> {
    for (;;) {
      const { text, endpoint } = await this.#read(owner, id);
      if (!endpoint) return undefined;
      const after = change(endpoint);
      if ((await this.#write(owner, text, after)) === 1) return after; // else it has changed since it was read
    }
  }

  async #read(owner: string, id: string): Promise<{ text: string; endpoint: WebhookEndpoint | undefined }> {
    const read = () => this.#store.redis.hget(this.#keyOf(owner), id).catch(ifWrongType(null));
    const text = (await this.#store.orUnavailable(read)) ?? '';
    return { text, endpoint: toEndpoint(id, text) };
  }

  #write(owner: string, before: string, { id, ...kept }: WebhookEndpoint): Promise<unknown> {
    const call = { endpoints: this.#keyOf(owner), id, before, after: JSON.stringify(kept), max: MAX_ENDPOINTS };
    return this.#store.orUnavailable(() => this.#put(call));
  }

  #keyOf(owner: string): string {
    return this.#store.keys.notifications.endpoints(owner);
  }
}

/** Reads an endpoint; undefined if the text is none. */
function toEndpoint(id: string, text: string): WebhookEndpoint | undefined {
  const kept = parseJson(text) as Omit<WebhookEndpoint, 'id'> | null | undefined;
  return typeof kept?.url === 'string' && URL.canParse(kept.url) && Array.isArray(kept.events) ? { id, ...kept } : undefined;
}
