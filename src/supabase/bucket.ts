/** Files of jobs in a private bucket, as USER/JOB/NAME. The service writes and reads them. */
import type { SupabaseClient } from '@supabase/supabase-js';
import type { ArchivedFile, WriteResult } from '../archive/archive.ts';
import type { ByteRange, OpenFile } from '../files/store.ts';
import { OwnError } from '../job/own-error.ts';
import { statusOf, toFileWriteResult, archiveUnavailable } from './answers.ts';
import type { SupabaseAccess } from './client.ts';

/** Whose files, and of which job. */
type Folder = { owner: string; jobId: string };

const BUCKET = 'job-files';

/** How many objects are listed, and removed, in one go. */
const AT_ONCE = 100;

/** How long the head of an answer may take, in ms. */
const HEAD_MS = 10_000;

/** The bucket. */
export class Bucket {
  readonly #objects: ReturnType<SupabaseClient['storage']['from']>;
  readonly #access: SupabaseAccess;

  /** `access`: what the client was made with, for reading parts of files. */
  constructor({ storage }: SupabaseClient, access: SupabaseAccess) {
    this.#objects = storage.from(BUCKET);
    this.#access = access;
  }

  async write(folder: Folder, file: ArchivedFile, bytes: Uint8Array): Promise<WriteResult> {
    const { error } = await this.#objects.upload(pathOf(folder, file), bytes, { contentType: file.type, upsert: true });
    return toFileWriteResult(error);
  }

  /** Opens a file; undefined if it is not there. */
  async open(folder: Folder, file: ArchivedFile): Promise<OpenFile | undefined> {
    const { url, key } = this.#access;
    const address = `${url}/storage/v1/object/${BUCKET}/${pathOf(folder, file)}`;
    const { type, bytes, digest } = file;
    const { status, body } = await request(address, key, { from: 0, to: 1 });
    await body?.cancel();
    if (status === 404 || status === 400) return undefined; // Storage answers 400 for what is not there, and puts a 404 into the body
    if (status !== 200 && status !== 206) throw archiveUnavailable(`status ${status}`);
    return { info: { type, bytes, digest }, read: (range = { from: 0, to: bytes }) => readRange(address, key, range) };
  }

  /** Erases the files of a job. Resolves with how many there were. */
  async erase({ owner, jobId }: Folder): Promise<number> {
    const folder = `${owner}/${jobId}`;
    const paths = (await this.#list(folder)).map((name) => `${folder}/${name}`);
    for (let from = 0; from < paths.length; from += AT_ONCE) {
      const { error } = await this.#objects.remove(paths.slice(from, from + AT_ONCE));
      if (error) throw archiveUnavailable(`status ${statusOf(error)}`);
    }
    return paths.length;
  }

  /** The jobs of a user that have files. */
  jobsOf(owner: string): Promise<string[]> {
    return this.#list(owner);
  }

  /** The names in a folder. */
  async #list(path: string): Promise<string[]> {
    const found: string[] = [];
    for (let offset = 0; ; offset += AT_ONCE) {
      const { data, error } = await this.#objects.list(path, { limit: AT_ONCE, offset });
      if (error && statusOf(error) !== 404) throw archiveUnavailable(`status ${statusOf(error)}`);
      const entries = data ?? [];
      found.push(...entries.map(({ name }) => name));
      if (entries.length < AT_ONCE) return found;
    }
  }
}

function pathOf({ owner, jobId }: Folder, { name }: ArchivedFile): string {
  return `${owner}/${jobId}/${name.slice(name.indexOf(':') + 1)}`;
}

/** Asks for a part of an object. supabase-js asks for whole ones only. */
async function request(address: string, key: string, { from, to }: ByteRange): Promise<Response> {
  const headers = { apikey: key, authorization: `Bearer ${key}`, range: `bytes=${from}-${to - 1}` };
  const head = new AbortController();
  const timer = setTimeout(() => head.abort(), HEAD_MS);
  try {
    return await fetch(address, { headers, redirect: 'error', signal: head.signal }); // a redirect would take the key elsewhere
  } catch {
    throw archiveUnavailable('no connection');
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Reads a part of an object. A server without ranges sends the whole object; then the other bytes
 * are skipped.
 */
async function* readRange(address: string, key: string, { from, to }: ByteRange): AsyncGenerator<Uint8Array, void> {
  if (to <= from) return;
  const { status, body } = await request(address, key, { from, to });
  if (!body || (status !== 200 && status !== 206)) throw new OwnError(`a file of the archive was answered with status ${status}`);
  let at = status === 206 ? from : 0;
  for await (const piece of body) {
    const [start, end] = [Math.max(from - at, 0), Math.min(to - at, piece.byteLength)];
    if (start < end) yield piece.subarray(start, end);
    at += piece.byteLength;
    if (at >= to) return;
  }
  throw new OwnError('a file of the archive was cut off');
}
