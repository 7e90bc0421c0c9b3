/**
 * Erasures that the archive has still to carry out. Each is noted before anything is erased, so
 * that none is lost and nothing erased is shown again.
 */
import type { Script } from '../store/script.ts';
import type { Store } from '../store/store.ts';
import type { ErasureTarget } from './archive.ts';

/** An erasure that was asked for. `at`: when, in ms since the epoch. */
export type NotedErasure = { target: ErasureTarget; at: number };

/**
 * What is to be erased: a job of a user, or without one all that the user has submitted until now.
 */
export type ErasureSubject = { owner: string; jobId?: string };

/** The erasures that are on their way. */
export class PendingErasures {
  readonly #store: Store;
  readonly #key: string;
  readonly #note: Script<'erasures', never>;
  readonly #forget: Script<'erasures', 'target' | 'at'>;

  constructor(store: Store) {
    this.#store = store;
    this.#key = store.keys.archive.erasures;
    this.#note = store.script(new URL('scripts/note_erasures.lua', import.meta.url), { keys: ['erasures'], args: [] });
    this.#forget = store.script(new URL('scripts/forget_erasure.lua', import.meta.url), { keys: ['erasures'], args: ['target', 'at'] });
  }

  /** Notes them. Resolves with when that was, in ms since the epoch. */
  note(subjects: readonly ErasureSubject[]): Promise<number> {
    return this.#store.orUnavailable(async () => Number(await this.#note({ erasures: this.#key }, subjects.map(nameOf))));
  }

  /** Some of those that are noted, the oldest first. */
  async noted(limit: number): Promise<NotedErasure[]> {
    const read = () => this.#store.redis.zrange(this.#key, '0', String(limit - 1), 'WITHSCORES');
    const found = await this.#store.mending(this.#key, 'zset', read);
    return found.flatMap((name, n) => (n % 2 === 0 ? [toNoted(name, Number(found[n + 1]))] : []));
  }

  /** Removes one that was carried out, after all writes of that time have ended. */
  async forget({ target, at }: NotedErasure): Promise<void> {
    await this.#forget({ erasures: this.#key, target: nameOf(target), at });
  }

  /** Of these jobs, those that are not to be shown. `createdAt`: in ms since the epoch. */
  async erased(jobs: readonly { owner?: string | undefined; id: string; createdAt: number }[]): Promise<ReadonlySet<string>> {
    if (jobs.length === 0) return new Set();
    const names = jobs.flatMap(({ owner = '', id: jobId }) => [nameOf({ owner, jobId }), nameOf({ owner })]);
    const read = () => this.#store.redis.zmscore(this.#key, ...names);
    const times = await this.#store.orUnavailable(() => this.#store.mending(this.#key, 'zset', read));
    return new Set(
      jobs.flatMap(({ id, createdAt }, n) => {
        const [ofJob, ofUser] = [times[2 * n] ?? null, times[2 * n + 1] ?? null];
        return ofJob !== null || (ofUser !== null && createdAt <= Number(ofUser)) ? [id] : [];
      }),
    );
  }
}

/**
 * As a file's path begins: the owner, a slash, and the job. An owner is a UUID and has no slash.
 */
function nameOf({ owner, jobId = '' }: ErasureSubject): string {
  return `${owner}/${jobId}`;
}

function toNoted(name: string, at: number): NotedErasure {
  const [owner = '', jobId = ''] = name.split('/');
  return { target: jobId === '' ? { owner, until: at } : { owner, jobId }, at };
}
