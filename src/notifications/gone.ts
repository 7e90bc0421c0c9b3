/**
 * Receivers and phones that are gone: a receiver that wants no more webhooks,
 * a phone that takes no more pushes. Redis keeps hashes of them alone.
 */
import { digestOf } from '../store/digest.ts';
import type { Store } from '../store/store.ts';

/** A receiver of a user's, or the token of a phone. */
export type Recipient = { owner: string; url: string } | { token: string };

/** How long a receiver that is gone is not called, and how long a token is not used, in s. */
const KEPT_S = { receiver: 24 * 3600, phone: 30 * 24 * 3600 };

/** Receivers that do not exist any more. */
export class Gone {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async has(recipient: Recipient): Promise<boolean> {
    return (await this.#store.redis.exists(this.#keyOf(recipient))) === 1;
  }

  async add(recipient: Recipient): Promise<void> {
    await this.#store.redis.set(this.#keyOf(recipient), '1', 'EX', 'token' in recipient ? KEPT_S.phone : KEPT_S.receiver);
  }

  /** It is to be tried again. */
  async remove(recipient: Recipient): Promise<void> {
    await this.#store.redis.del(this.#keyOf(recipient));
  }

  #keyOf(recipient: Recipient): string {
    const parts = 'token' in recipient ? ['phone', recipient.token] : ['receiver', recipient.owner, recipient.url];
    return this.#store.keys.notifications.gone(digestOf(parts));
  }
}
