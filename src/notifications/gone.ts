/** Who has said that it is gone: a receiver that wants no more webhooks, a phone that takes no more pushes. Redis keeps hashes of them alone. */
import { digestOf } from '../store/digest.ts';
import type { Store } from '../store/store.ts';

/** A receiver of a user's, or the token of a phone. */
export type Recipient = { owner: string; url: string } | { token: string };

/** See the file's head. */
export type Gone = {
  has(recipient: Recipient): Promise<boolean>;
  add(recipient: Recipient): Promise<void>;
  /** It is to be tried again. */
  remove(recipient: Recipient): Promise<void>;
};

/** How long a receiver that is gone is not called, and how long a token is not used, in s. */
const KEPT_S = { receiver: 24 * 3600, phone: 30 * 24 * 3600 };

/** Makes it over a connection. */
export function createGone(store: Store): Gone {
  const keyOf = (recipient: Recipient): string => {
    const parts = 'token' in recipient ? ['phone', recipient.token] : ['receiver', recipient.owner, recipient.url];
    return store.keys.notifications.gone(digestOf(parts));
  };
  return {
    has: async (recipient) => (await store.redis.exists(keyOf(recipient))) === 1,
    async add(recipient) {
      await store.redis.set(keyOf(recipient), '1', 'EX', 'token' in recipient ? KEPT_S.phone : KEPT_S.receiver);
    },
    async remove(recipient) {
      await store.redis.del(keyOf(recipient));
    },
  };
}
