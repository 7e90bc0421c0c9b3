/** Erasures that are on their way to the archive: noted before anything is erased, so that none is lost, and nothing erased is shown or comes back. */
import type { ErasureTarget } from './archive.ts';
import type { Store } from '../store/store.ts';

/** An erasure that was asked for. `at`: when, in ms since the epoch. */
export type NotedErasure = { target: ErasureTarget; at: number };

/** What is to be erased: a job of a user, or without one all that the user has submitted until now. */
export type ErasureSubject = { owner: string; jobId?: string };

/** See the file's head. */
export type Erasures = {
  /** Notes them. Resolves with when that was, in ms since the epoch. */
  note(subjects: readonly ErasureSubject[]): Promise<number>;
  /** Some of those that are noted, the oldest first. */
  noted(limit: number): Promise<NotedErasure[]>;
  /** One was carried out, and what was being written then has been written. */
  forget(erasure: NotedErasure): Promise<void>;
  /** Of these jobs, those that are not to be shown. `createdAt`: in ms since the epoch. */
  erased(jobs: readonly { owner?: string | undefined; id: string; createdAt: number }[]): Promise<ReadonlySet<string>>;
};

/** Makes it over a connection. */
export function createErasures(store: Store): Erasures {
  const { erasures } = store.keys.archive;
  const note = store.script(new URL('scripts/note_erasures.lua', import.meta.url), { keys: ['erasures'], args: [] });
  const forget = store.script(new URL('scripts/forget_erasure.lua', import.meta.url), {
    keys: ['erasures'],
    args: ['target', 'at'],
  });
  return {
    note: (subjects) => store.orUnavailable(async () => Number(await note({ erasures }, subjects.map(nameOf)))),
    async noted(limit) {
      const found = await store.mending(erasures, 'zset', () => store.redis.zrange(erasures, '0', String(limit - 1), 'WITHSCORES'));
      return found.flatMap((name, n) => (n % 2 === 0 ? [toNoted(name, Number(found[n + 1]))] : []));
    },
    async forget({ target, at }) {
      await forget({ erasures, target: nameOf(target), at });
    },
    async erased(jobs) {
      if (jobs.length === 0) return new Set();
      const names = jobs.flatMap(({ owner = '', id: jobId }) => [nameOf({ owner, jobId }), nameOf({ owner })]);
      const times = await store.orUnavailable(() => store.mending(erasures, 'zset', () => store.redis.zmscore(erasures, ...names)));
      return new Set(
        jobs.flatMap(({ id, createdAt }, n) => {
          const [ofJob, ofUser] = [times[2 * n] ?? null, times[2 * n + 1] ?? null];
          return ofJob !== null || (ofUser !== null && createdAt <= Number(ofUser)) ? [id] : [];
        }),
      );
    },
  };
}

/** As a file's path begins: the owner, a slash, and the job. An owner is a UUID and has no slash. */
function nameOf({ owner, jobId = '' }: ErasureSubject): string {
  return `${owner}/${jobId}`;
}

function toNoted(name: string, at: number): NotedErasure {
  const [owner = '', jobId = ''] = name.split('/');
  return { target: jobId === '' ? { owner, until: at } : { owner, jobId }, at };
}
