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

/** The last work on each storage: what reads and writes an index must not mix, whoever does it. */
const queues = new WeakMap<KeyValueStorage, Promise<unknown>>();

/** The records under one name. The index is written before a record and after its end, so that no record is left that nobody finds. */
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
      const records = await Promise.all((await this.#index()).map(async (key) => this.#get<Kept>(`${this.#name}:${key}`)));
      return records.filter((record) => record !== undefined);
    });
  }

  async put(record: Kept): Promise<void> {
    return this.#inOrder(async () => {
      const keys = await this.#index();
      if (!keys.includes(record.key)) await this.#set(this.#name, [...keys, record.key]);
      await this.#set(`${this.#name}:${record.key}`, record);
    });
  }

  async drop(key: string): Promise<void> {
    return this.#inOrder(async () => {
      await this.#storage.removeItem(`${this.#name}:${key}`);
      await this.#set(
        this.#name,
        (await this.#index()).filter((one) => one !== key),
      );
    });
  }

  async #index(): Promise<string[]> {
    return (await this.#get<string[]>(this.#name)) ?? [];
  }

  async #get<T>(key: string): Promise<T | undefined> {
    try {
      return (JSON.parse((await this.#storage.getItem(key)) ?? 'null') as T | null) ?? undefined;
    } catch {
      return undefined;
    }
  }

  async #set(key: string, value: unknown): Promise<void> {
    await this.#storage.setItem(key, JSON.stringify(value));
  }

  async #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const mine = (queues.get(this.#storage) ?? Promise.resolve()).then(work);
    queues.set(
      this.#storage,
      mine.catch(() => {}),
    );
    return mine;
  }
}
