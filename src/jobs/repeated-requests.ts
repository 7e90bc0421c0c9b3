/**
 * Requests that a client repeats by itself without an idempotency key, and says so. The repetition
 * means the newest request of the same user with the same body.
 */
import { digestOf } from '../store/digest.ts';
import type { Store } from '../store/store.ts';

/** How long a repetition is recognised, in s: two repetitions, each after more than ten minutes. */
const KEPT_S = 45 * 60;

/** The newest key of each request. Every process knows them. */
export class RepeatedRequests {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Resolves with the idempotency key to submit with. It is noted before the job is added, so that
   * a client that was told nothing of its job finds it. `request`: the user and the body.
   */
  key(request: readonly unknown[], isRepetition: boolean): Promise<string> {
    const { redis, keys } = this.#store;
    const place = keys.repeated(digestOf(request));
    return this.#store.orUnavailable(async () => {
      const known = isRepetition ? await redis.get(place) : null;
      if (known !== null) return known;
      const key = crypto.randomUUID();
      await redis.set(place, key, 'EX', KEPT_S);
      return key;
    });
  }
}
