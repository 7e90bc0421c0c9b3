/** Files in Redis: a hash for each, in pieces, and a ledger of what all of them take. */
import { digestOfBytes } from '../store/digest.ts';
import { isWrongType } from '../store/store-trouble.ts';
import { parseJson } from '../job/parse-json.ts';
import { OwnError } from '../job/own-error.ts';
import type { ByteRange, FileInfo, FileName, FileStore, Kept, NewFile, OpenFile } from './store.ts';
import type { Store } from '../store/store.ts';

/** One tenant's share of the storage. */
const SHARE = 1 / 4;

/** How large a piece is, in bytes. A piece is one command: others are served in between, and on a slow connection it is not given up. */
export const PIECE_BYTES = 256 * 1024;

/** How long after a file came its job must be there, in ms. */
export const GRACE_MS = 60_000;

/** Redis drops a file that nobody has looked after for so long, in ms: all processes are gone. */
export const KEPT_MS = 7 * 24 * 3600 * 1000;

/** Keeps files over a connection. `maxTotalBytes`: what all files may take together. One tenant gets a quarter of it. */
export function createRedisFiles(store: Store, maxTotalBytes: number): FileStore {
  const reserve = store.script(new URL('scripts/reserve_file.lua', import.meta.url), {
    keys: ['key', 'job', 'lock', 'ledger', 'due', 'used', 'files'],
    args: ['id', 'name', 'tenant', 'token', 'version', 'mediaType', 'digest', 'bytes', 'graceMs', 'keptMs', 'maxTotal', 'maxEach'],
  });
  const reserveAll = store.script(new URL('scripts/reserve_outputs.lua', import.meta.url), {
    keys: ['job', 'lock', 'ledger', 'due', 'used', 'files'],
    args: ['id', 'tenant', 'token', 'graceMs', 'keptMs', 'maxTotal', 'maxEach'],
  });
  const release = store.script(new URL('scripts/release_outputs.lua', import.meta.url), {
    keys: ['job', 'lock', 'ledger', 'due', 'used', 'files'],
    args: ['id', 'token'],
  });
  const write = store.script(new URL('scripts/write_file.lua', import.meta.url), {
    keys: ['key', 'lock'],
    args: ['token', 'version', 'index', 'last', 'piece'],
  });
  const remove = store.script(new URL('scripts/delete_files.lua', import.meta.url), {
    keys: ['ledger', 'due', 'used', 'files'],
    args: ['id', 'which'],
  });
  const { ledger, due, used } = store.keys.files;
  const shared = { ledger, due, used, files: store.keys.files.of('') };
  const maxBytes = Math.floor(maxTotalBytes * SHARE);

  const bounds = { graceMs: GRACE_MS, keptMs: KEPT_MS, maxTotal: maxTotalBytes, maxEach: maxBytes };

  const writePieces = async ({ jobId, name, bytes, token = '' }: NewFile, version: string): Promise<Kept> => {
    const where = { key: keyOf(jobId, name), lock: store.keys.lock(jobId), token, version };
    const count = Math.max(Math.ceil(bytes.byteLength / PIECE_BYTES), 1);
    for (let index = 0; index < count; index++) {
      const from = index * PIECE_BYTES;
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(PIECE_BYTES, bytes.byteLength - from));
      const written = Number(await write({ ...where, index, last: index === count - 1 ? 1 : 0, piece }));
      if (written === -1) return { type: 'lost' };
      if (written === 0) throw new OwnError(`${name} of ${jobId} went while it was written`);
    }
    return { type: 'kept' };
  };

  const keyOf = (jobId: string, name: FileName): string => store.keys.files.of(`${jobId}:${name}`);

  return {
    maxBytes,

    async put(file) {
      const { jobId, name, tenant, type, bytes, token = '' } = file;
      const version = crypto.randomUUID();
      const own = { key: keyOf(jobId, name), job: store.keys.job(jobId), lock: store.keys.lock(jobId), id: jobId, name, tenant, token };
      const about = { version, mediaType: type, digest: digestOfBytes(bytes), bytes: bytes.byteLength };
      const reply = (await reserve({ ...shared, ...own, ...about, ...bounds })) as Reserved;
      return reply[0] === 'begun' ? writePieces(file, version) : toKept(reply);
    },

    async reserve({ jobId, tenant, token, files }) {
      const own = { job: store.keys.job(jobId), lock: store.keys.lock(jobId), id: jobId, tenant, token };
      return toKept((await reserveAll({ ...shared, ...own, ...bounds }, [...files].flat())) as Reserved);
    },

    async release(jobId, token = '') {
      await release({ ...shared, job: store.keys.job(jobId), lock: store.keys.lock(jobId), id: jobId, token });
    },

    head: async (jobId, name) => (await readHead(store, keyOf(jobId, name)))?.info,

    async open(jobId, name): Promise<OpenFile | undefined> {
      const key = keyOf(jobId, name);
      const head = await readHead(store, key);
      if (!head) return undefined;
      const { info, version } = head;
      const read = async function* ({ from, to }: ByteRange = { from: 0, to: info.bytes }): AsyncGenerator<Uint8Array, void> {
        for (let at = from; at < to;) {
          const index = Math.floor(at / PIECE_BYTES);
          const [now, piece] = await store.redis.hmgetBuffer(key, 'version', String(index));
          if (now?.toString() !== version || !piece) throw new OwnError(`${name} of ${jobId} went while it was read`);
          const start = index * PIECE_BYTES;
          yield piece.subarray(at - start, Math.min(to - start, piece.byteLength));
          at = start + piece.byteLength;
        }
      };
      return { info, read };
    },

    async outputsOf(jobId) {
      const text = await store.redis.hget(ledger, jobId).catch((error: unknown) => {
        if (isWrongType(error)) return null;
        throw error;
      });
      const entry = parseJson(text ?? '') as { files?: Record<string, unknown> } | undefined;
      return Object.keys(entry?.files ?? {}).filter(isOutput);
    },

    async delete(jobId, which) {
      return Number(await remove({ ...shared, id: jobId, which }));
    },
  };
}

function isOutput(name: string): name is `out:${string}` {
  return name.startsWith('out:');
}

type Reserved = [reply: 'begun' | 'there' | 'reserved' | 'lost' | 'full', whose: 'all' | 'own', freeInMs: number, jobsMakeRoom: number];

function toKept([reply, whose, freeInMs, jobsMakeRoom]: Reserved): Kept {
  if (reply === 'lost') return { type: 'lost' };
  if (reply !== 'full') return { type: 'kept' };
  return { type: 'full', whose, jobsMakeRoom: jobsMakeRoom === 1, freeInMs: freeInMs < 0 ? undefined : freeInMs };
}

/** Reads what stands beside the pieces. Others can write to Redis, too: what is no whole file is none. */
async function readHead(store: Store, key: string): Promise<{ info: FileInfo; version: string } | undefined> {
  const fields = await store.redis.hmget(key, 'version', 'type', 'bytes', 'digest', 'whole').catch((error: unknown) => {
    if (isWrongType(error)) return [];
    throw error;
  });
  const [version, type, bytes, digest, whole] = fields;
  const size = Number(bytes ?? undefined);
  if (!version || !type || !digest || !whole || !Number.isSafeInteger(size)) return undefined;
  return { info: { type, bytes: size, digest }, version };
}
