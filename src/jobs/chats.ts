/**
 * Chats of the AI SDK: which job gives the newest answer in each. The key of a submission is noted
 * before its job is added, so that no job is lost for its chat if the process dies in between.
 */
import { digestOf } from '../store/digest.ts';
import type { Store } from '../store/store.ts';

/** A chat: its user, if there is one, its kind, and the app's own id. */
export type Chat = { owner: string | undefined; kind: string; id: string };

/** How long a chat is known after it was last asked for, beyond the time that its job is kept, in ms. */
const EXTRA_MS = 7 * 24 * 3600 * 1000;

/** The chats. Its calls reject with `queue_unavailable` while Redis is away. */
export class Chats {
  readonly #store;
  readonly #ttlMs;

  /** `retentionS`: how long ended jobs are kept, in s. */
  constructor(store: Store, retentionS: number) {
    this.#store = store;
    this.#ttlMs = retentionS * 1000 + EXTRA_MS;
  }

  /** A submission with this key is on its way. */
  begin(chat: Chat, key: readonly unknown[]): Promise<void> {
    return this.#note(chat, { next: digestOf(key) });
  }

  /** The job of the newest submission. */
  bind(chat: Chat, jobId: string): Promise<void> {
    return this.#note(chat, { job: jobId, next: '' });
  }

  #note(chat: Chat, fields: Record<string, string>): Promise<void> {
    const { redis } = this.#store;
    const key = this.#keyOf(chat);
    return this.#store.orUnavailable(async () => {
      await Promise.all([redis.hset(key, fields), redis.pexpire(key, this.#ttlMs)]);
    });
  }

  /** The id of the chat's newest job; undefined if there is none. The job may be gone. */
  find(chat: Chat): Promise<string | undefined> {
    const { redis, keys } = this.#store;
    return this.#store.orUnavailable(async () => {
      const key = this.#keyOf(chat);
      const [[job, next]] = await Promise.all([redis.hmget(key, 'job', 'next'), redis.pexpire(key, this.#ttlMs)]);
      const added = next ? await redis.get(keys.dedup(next)) : undefined;
      return added ?? job ?? undefined;
    });
  }

  #keyOf({ owner, kind, id }: Chat): string {
    return this.#store.keys.chat(digestOf([owner ?? null, kind, id]));
  }
}
