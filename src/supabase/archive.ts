/**
 * The archive in Supabase: rows in PostgreSQL, files in a private bucket. The only place that knows
 * how they are asked for.
 */
import type { SupabaseClient } from '@supabase/supabase-js';
import type {
  Archive,
  ArchiveAccess,
  ArchivedFile,
  ArchivedJob,
  ArchiveReader,
  ArchiveWriter,
  ErasedInArchive,
  ErasureTarget,
  WriteResult,
} from '../archive/archive.ts';
import type { IndexPlace, JobFilter } from '../jobs/listing.ts';
import { codeOf, type RowsAnswer, toWriteResult, archiveUnavailable } from './answers.ts';
import { Bucket } from './bucket.ts';
import { createSupabase } from './client.ts';
import { LISTED, rowSchema, toArchivedJob, toRow, WHOLE } from './rows.ts';

/** A project, and the keys of it that this process has. */
export type SupabaseKeys = {
  url: string;
  /**
   * The publishable key (anon key of old). Beside a user's session, rows are read under the
   * project's own rules.
   */
  publishableKey?: string | undefined;
  /** The secret key (service_role key of old). Without it nothing is written. */
  secretKey?: string | undefined;
};

const TABLE = 'jobs';

/** How many rows are erased in one go. */
const ERASED_AT_ONCE = 100;

/** Opens the archive; undefined where there is no key. */
export function openSupabaseArchive({ url, publishableKey, secretKey }: SupabaseKeys): Archive | undefined {
  const service = secretKey === undefined ? undefined : createSupabase({ url, key: secretKey });
  const users = publishableKey === undefined ? service : createSupabase({ url, key: publishableKey });
  if (!users) return undefined;
  const bucket = service && secretKey !== undefined ? new Bucket(service, { url, key: secretKey }) : undefined;
  return {
    reader: createReader({ users, isOwn: publishableKey !== undefined, service, bucket }),
    writer: service && bucket ? new SupabaseWriter(service, bucket) : undefined,
  };
}

/**
 * `users`: the client for users; `isOwn`: whether its key leaves it to the project's rules what a
 * session may see.
 */
type ReaderParts = { users: SupabaseClient; isOwn: boolean; service: SupabaseClient | undefined; bucket: Bucket | undefined };

function createReader({ users, isOwn, service, bucket }: ReaderParts): ArchiveReader {
  /** Asks for rows. Undefined where there is no key for this access. */
  const select = (columns: string, access: ArchiveAccess) => {
    if (access.as === 'service') return service?.from(TABLE).select(columns);
    const query = users.from(TABLE).select(columns).eq('user_id', access.user);
    return isOwn ? query.setHeader('authorization', `Bearer ${access.session}`) : query;
  };

  return {
    async read(jobId, access) {
      const query = select(WHOLE, access);
      return query && jobsIn(rowsOf(await query.eq('id', jobId).limit(1)))[0];
    },

    async list(owner, { limit, after, filter = {}, signal }, access) {
      let query = select(LISTED, access)?.eq('user_id', owner);
      if (!query || isOfNone(filter)) return { jobs: [] };
      if (filter.status !== undefined) query = query.eq('status', filter.status);
      if (filter.kind !== undefined) query = query.eq('kind', filter.kind);
      if (after) query = query.or(isAfter(after));
      const ordered = query.order('created_at', { ascending: false }).order('id', { ascending: false });
      const bounded = ordered.limit(limit + 1); // one more tells whether there is more
      const rows = rowsOf(await (signal ? bounded.abortSignal(signal) : bounded));
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      const jobs = jobsIn(rows.slice(0, limit)).map(({ snapshot }) => snapshot);
      return { jobs, next: last && { score: String(Date.parse(String(last['created_at']))), id: String(last['id']) } };
    },

    open: async ({ snapshot: { owner, id: jobId } }, file) => bucket?.open({ owner: owner ?? '', jobId }, file),
  };
}

class SupabaseWriter implements ArchiveWriter {
  readonly #service: SupabaseClient;
  readonly #bucket: Bucket;

  constructor(service: SupabaseClient, bucket: Bucket) {
    this.#service = service;
    this.#bucket = bucket;
  }

  async write(jobs: readonly ArchivedJob[]): Promise<WriteResult> {
    // The rows are asked for, because an empty 200 may come from anybody.
    const { data, ...answer } = await this.#service.from(TABLE).upsert(jobs.map(toRow), { onConflict: 'id' }).select('id');
    return answer.error || Array.isArray(data) ? toWriteResult(answer) : { type: 'unavailable', code: `status ${answer.status}` };
  }

  writeFile(target: { owner: string; jobId: string }, file: ArchivedFile, bytes: Uint8Array): Promise<WriteResult> {
    return this.#bucket.write(target, file, bytes);
  }

  async erase(target: ErasureTarget, isKept: (jobId: string) => Promise<boolean>): Promise<ErasedInArchive[]> {
    if ('jobId' in target) return this.#eraseJobs(target.owner, [target.jobId]);
    const { owner, until } = target;
    const erased: ErasedInArchive[] = [];
    for (;;) {
      const query = this.#service.from(TABLE).select('id').eq('user_id', owner).lte('created_at', new Date(until).toISOString());
      const ids = rowsOf(await query.limit(ERASED_AT_ONCE)).map(({ id }) => String(id));
      if (ids.length === 0) break;
      const gone = await this.#eraseJobs(owner, ids);
      if (gone.length === 0) throw archiveUnavailable('rows that stay');
      erased.push(...gone);
    }
    await this.#eraseFilesWithoutRow(owner, isKept);
    return erased;
  }

  /** Deletes rows by their ids, and their files before them: without its row a file is not found. */
  async #eraseJobs(owner: string, ids: readonly string[]): Promise<ErasedInArchive[]> {
    const files = new Map<string, number>();
    for (const jobId of ids) files.set(jobId, await this.#bucket.erase({ owner, jobId }));
    const query = this.#service.from(TABLE).delete().eq('user_id', owner).in('id', ids).select('id,status');
    return rowsOf(await query).map(({ id, status }) => ({
      id: String(id),
      result: status === 'completed',
      files: files.get(String(id)) ?? 0,
    }));
  }

  /** The rows of a user who is gone went by themselves; the files did not. */
  async #eraseFilesWithoutRow(owner: string, isKept: (jobId: string) => Promise<boolean>): Promise<void> {
    for (const jobId of await this.#bucket.jobsOf(owner)) {
      const rows = rowsOf(await this.#service.from(TABLE).select('id').eq('id', jobId));
      if (rows.length === 0 && !(await isKept(jobId))) await this.#bucket.erase({ owner, jobId });
    }
  }

  async endedBefore(moment: number, limit: number): Promise<{ owner: string; jobId: string }[]> {
    const query = this.#service.from(TABLE).select('id,user_id').lt('finished_at', new Date(moment).toISOString());
    const rows = rowsOf(await query.order('finished_at').limit(limit));
    return rows.map(({ id, user_id: owner }) => ({ owner: String(owner), jobId: String(id) }));
  }
}

/**
 * The filter in PostgREST's syntax for rows after a place in the list. It contains only a date and
 * an id.
 */
function isAfter({ score, id }: IndexPlace): string {
  const moment = new Date(Math.min(Math.max(Math.floor(Number(score)), 0), LAST_MS)).toISOString();
  return `created_at.lt."${moment}",and(created_at.eq."${moment}",id.lt."${id}")`;
}

/** The last moment that has a four-digit year, in ms since the epoch. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** An answer with rows. */
type Answer = RowsAnswer & { data: unknown };

function rowsOf({ data, ...answer }: Answer): Record<string, unknown>[] {
  if (answer.error || !Array.isArray(data)) throw archiveUnavailable(codeOf(answer));
  return data as Record<string, unknown>[];
}

/**
 * Whether a filter fits no job of the archive: all of them have ended, and a kind is words with
 * hyphens.
 */
function isOfNone({ status, kind = '' }: JobFilter): boolean {
  return status === 'waiting' || status === 'active' || status === 'unfinished' || !/^[a-z-]*$/.test(kind);
}

/** The jobs of rows. Rows that others have written in another form are left out. */
function jobsIn(rows: readonly Record<string, unknown>[]): ArchivedJob[] {
  return rows.flatMap((row) => {
    const parsed = rowSchema.safeParse(row);
    return parsed.success ? [toArchivedJob(parsed.data)] : [];
  });
}
