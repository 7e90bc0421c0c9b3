/** What an outbox keeps over the end of the app: a record for each submission, in a storage of three methods. */
import type { Submission } from './submission.ts';

/** Where an app keeps texts: AsyncStorage of React Native, localStorage of a browser, or an adapter of MMKV. */
export type KeyValueStorage = {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
};

/** A submission that was not sent, or a job that has not ended. `at`: when it was submitted, by the clock of the device, in ms. */
export type Kept = Pick<Submission, 'kind' | 'key'> & { at: number } & (
    | { submission: Submission; jobId?: undefined }
    | { submission?: undefined; jobId: string; streamUrl: string | undefined; cursor?: number | undefined }
  );

/** What a browser has for tabs that share a storage, also some Nodes: work under one name, one after the other. */
type Locks = { request<T>(name: string, work: () => Promise<T>): Promise<T> };

/** The keys of the records, and in a list of its own each key that was taken out lately, so that another tab does not send it. */
type Index = (string | [takenOut: string])[];

/** So many keys that were taken out are remembered. */
const TAKEN_OUT = 50;

/** The last work on each storage: what reads and writes an index must not mix, whoever does it. */
const queues = new WeakMap<KeyValueStorage, Promise<unknown>>();

/**
 * Does some work alone among all tabs (Web Locks). Without them, as in React Native, where an app is one process, and on an address
 * without HTTPS, it is just done.
 */
export async function alone<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { navigator } = globalThis as { navigator?: { locks?: Locks | undefined } | undefined };
  return navigator?.locks ? navigator.locks.request(`ai-jobs:${name}`, work) : work();
}

/**
 * The records under one name, which other tabs may read and write, too. The index is written before a record and after its end, so that no
 * record is left that nobody finds.
 */
export class Shelf {
  readonly #storage: KeyValueStorage;
  readonly #name: string;

  constructor(storage: KeyValueStorage, name: string) {
    this.#storage = storage;
    this.#name = name;
  }

  /** All records. One that can't be read is none. */
  async read(): Promise<Kept[]> {
    return this.#inOrder(async () => {
      const keys = (await this.#index()).filter((one) => typeof one === 'string');
      const records = await Promise.all(keys.map(async (key) => this.#get<Kept>(`${this.#name}:${key}`)));
      return records.filter((record) => record !== undefined);
    });
  }

  /**
   * Changes the record of a key. `step`: makes the next one of what is there now, which another tab may have written; undefined for none.
   * Resolves with what is there then. `takesOut`: where that is none, other tabs are told that it is not to be sent.
   */
  async change(key: string, step: (kept: Kept | undefined) => Kept | undefined, takesOut = false): Promise<Kept | undefined> {
    return this.#inOrder(async () => {
      const index = await this.#index();
      const isThere = index.includes(key);
      const at = `${this.#name}:${key}`;
      const kept = isThere ? await this.#get<Kept>(at) : undefined;
      const next = step(kept);
      const others = index.filter((one) => [one].flat()[0] !== key);
      if (next && next !== kept) {
        if (!isThere) await this.#set(this.#name, [...others, key]);
        await this.#set(at, next);
      } else if (!next && isThere) {
        await this.#storage.removeItem(at);
        const marks = [...others.filter((one) => typeof one !== 'string'), ...(takesOut ? [[key]] : [])];
        await this.#set(this.#name, [...marks.slice(-TAKEN_OUT), ...others.filter((one) => typeof one === 'string')]);
      }
      return next;
    });
  }

  /** Whether a tab has taken it out before it was sent. */
  async isTakenOut(key: string): Promise<boolean> {
    return this.#inOrder(async () => (await this.#index()).some((one) => typeof one !== 'string' && one[0] === key));
  }

  async #index(): Promise<Index> {
    return (await this.#get<Index>(this.#name)) ?? [];
  }

  /** Rejects where the storage does: an index that can't be read now must not be taken for an empty one. */
  async #get<T>(key: string): Promise<T | undefined> {
    const text = (await this.#storage.getItem(key)) ?? 'null';
    try {
      return (JSON.parse(text) as T | null) ?? undefined;
    } catch {
      return undefined;
    }
  }

  async #set(key: string, value: unknown): Promise<void> {
    await this.#storage.setItem(key, JSON.stringify(value));
  }

  async #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = (queues.get(this.#storage) ?? Promise.resolve()).then(async () => alone(this.#name, work));
    queues.set(
      this.#storage,
      mine.catch(() => {}),
    );
    return mine;
  }
}
