/** Erases a job, or everything of a user, with the files, in Redis and in the archive. */
import type { FileStore } from '../files/store.ts';
import { ProblemError } from '../job/problem.ts';
import type { Snapshot } from '../job/snapshot.ts';
import { childIdOf } from '../jobs/child-id.ts';
import type { JobQueue } from '../jobs/queue.ts';
import type { ArchiveWriter, ErasureTarget } from './archive.ts';
import type { ErasureSubject, PendingErasures } from './pending-erasures.ts';

/** What was erased, in counts. */
export type ErasedCounts = { jobs: number; results: number; files: number; keys: number };

/**
 * The parts that an eraser uses. `archive`: undefined where there is none; `read only` where it
 * can't be written.
 */
export type EraserOptions = {
  queue: Pick<JobQueue, 'erase' | 'idsOf' | 'there'>;
  files: Pick<FileStore, 'delete'>;
  /** The notifications of jobs' ends. Those of a user are also of jobs that are forgotten. */
  notifications: { erase(jobIds: readonly string[], owner?: string): Promise<void>; eraseUser(owner: string): Promise<void> };
  archive?:
    | { writer: Pick<ArchiveWriter, 'erase'>; erasures: Pick<PendingErasures, 'note'>; onError: (error: unknown) => void }
    | 'read only'
    | undefined;
};

/**
 * How long a request waits for the archive, in ms. What it has not erased by then is erased a
 * little later.
 */
const PATIENCE_MS = 3000;

type ErasureResult = ErasedCounts & { ids: string[] };

const NOTHING: ErasureResult = { ids: [], jobs: 0, results: 0, files: 0, keys: 0 };

/**
 * Erases for users. If an erasure is interrupted, files in Redis go a little later, because their
 * job is gone. For the archive the erasure is noted first. From then on the job is not shown any
 * more, and it is erased when the archive is in reach.
 */
export class Eraser {
  readonly #options: EraserOptions;
  /** Where to erase in the archive; undefined where nothing is erased in one. */
  readonly #archive: Exclude<EraserOptions['archive'], 'read only'>;

  constructor(options: EraserOptions) {
    this.#options = options;
    this.#archive = options.archive === 'read only' ? undefined : options.archive;
  }

  /** Erases a job and those it has led to. */
  async job({ id, owner, next }: Pick<Snapshot, 'id' | 'owner' | 'next'>): Promise<ErasedCounts> {
    const ids = next === undefined ? [id] : [id, childIdOf(id, next)];
    const targets = owner === undefined ? [] : ids.map((jobId) => ({ owner, jobId }));
    await this.#note(targets);
    let found = await this.#eraseInRedis(ids, owner); // the child by its own id, too: its parent may be in the archive alone
    if (this.#options.archive === 'read only' && !found.ids.includes(id)) throw readOnly();
    for (const target of targets) found = await this.#eraseInArchive(target, found);
    return countsOf(found);
  }

  /** Erases all jobs of a user, also those that are submitted while this goes on. */
  async user(owner: string): Promise<ErasedCounts> {
    const { queue, notifications, archive } = this.#options;
    let total = NOTHING;
    for (;;) {
      const until = await this.#note([{ owner }]);
      const jobIds = await queue.idsOf(owner);
      const erased = jobIds.length === 0 ? NOTHING : await this.#eraseInRedis(jobIds, owner);
      // What can't be erased now must not keep this going for ever.
      if (erased.jobs === 0) await notifications.eraseUser(owner);
      if (erased.jobs === 0 && archive === 'read only') throw readOnly();
      if (erased.jobs === 0) return countsOf(await this.#eraseInArchive({ owner, until }, total));
      total = add(total, erased);
    }
  }

  /**
   * Resolves with when it was noted, in ms since the epoch; 0 where nothing is erased in an
   * archive.
   */
  async #note(subjects: readonly ErasureSubject[]): Promise<number> {
    return this.#archive && subjects.length > 0 ? this.#archive.erasures.note(subjects) : 0;
  }

  async #eraseInRedis(jobIds: readonly string[], owner: string | undefined): Promise<ErasureResult> {
    const { queue, files, notifications } = this.#options;
    const { ids, ...counts } = await queue.erase(jobIds);
    await notifications.erase([...new Set([...jobIds, ...ids])], owner);
    const deleted = await Promise.all(ids.map((id) => files.delete(id, 'all')));
    return { ids, jobs: ids.length, ...counts, files: deleted.reduce((sum, count) => sum + count, 0) };
  }

  /** Erases in the archive, and adds what only the archive had. */
  async #eraseInArchive(target: ErasureTarget, before: ErasureResult): Promise<ErasureResult> {
    if (!this.#archive) return before;
    const { writer, onError } = this.#archive;
    const isKept = async (jobId: string) => (await this.#options.queue.there([jobId])).has(jobId);
    const erasing = writer.erase(target, isKept).catch(onError);
    const erased = (await Promise.race([erasing, new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS).unref())])) ?? [];
    const known = new Set(before.ids);
    const fresh = erased.filter(({ id }) => !known.has(id));
    return add(before, {
      ids: fresh.map(({ id }) => id),
      jobs: fresh.length,
      results: fresh.filter(({ result }) => result).length,
      files: fresh.reduce((sum, { files }) => sum + files, 0),
      keys: 0,
    });
  }
}

/**
 * The error where there is an archive of which this server may erase nothing. What Redis had is
 * gone by then.
 */
function readOnly(): ProblemError {
  const detail = 'What Redis had is erased. In the archive this server can only read: it needs SUPABASE_SECRET_KEY to erase there.';
  return new ProblemError('provider_not_configured', detail);
}

function countsOf({ jobs, results, files, keys }: ErasureResult): ErasedCounts {
  return { jobs, results, files, keys };
}

function add(one: ErasureResult, other: ErasureResult): ErasureResult {
  return {
    ids: [...one.ids, ...other.ids],
    jobs: one.jobs + other.jobs,
    results: one.results + other.results,
    files: one.files + other.files,
    keys: one.keys + other.keys,
  };
}
