/** Files in Redis: a hash for each, in pieces, and a ledger of what all of them take. */
import { digestOfBytes } from '../store/digest.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';
import { parseJson } from '../job/parse-json.ts';
import { OwnError } from '../job/own-error.ts';
import type { ByteRange, FileInfo, FileName, FileStore, NewFile, OpenFile, PutResult, RoomReservation } from './store.ts';

/** One tenant's share of the storage. */
const SHARE = 1 / 4;

/**
 * How large a piece is, in bytes. A piece is one command: Redis serves others between two pieces,
 * and a slow connection does not run into the time limit of a command.
 */
export const PIECE_BYTES = 256 * 1024;

/** How long after a file came its job must be there, in ms. */
export const GRACE_MS = 60_000;

/** The expiry of a file, in ms. It only matters when all processes are gone: they renew it. */
export const KEPT_MS = 7 * 24 * 3600 * 1000;

const script = (name: string) => new URL(`scripts/${name}.lua`, import.meta.url);

/** The scripts of the store. */
function scriptsOf(store: Store) {
  const ledger = ['ledger', 'due', 'used', 'files'] as const;
  return {
    reserveFile: store.script(script('reserve_file'), {
      keys: ['key', 'job', 'lock', ...ledger],
      args: ['id', 'name', 'tenant', 'token', 'version', 'mediaType', 'digest', 'bytes', 'graceMs', 'keptMs', 'maxTotal', 'maxEach'],
    }),
    reserveOutputs: store.script(script('reserve_outputs'), {
      keys: ['job', 'lock', ...ledger],
      args: ['id', 'tenant', 'token', 'graceMs', 'keptMs', 'maxTotal', 'maxEach'],
    }),
    releaseOutputs: store.script(script('release_outputs'), { keys: ['job', 'lock', ...ledger], args: ['id', 'token'] }),
    writePiece: store.script(script('write_file'), { keys: ['key', 'lock'], args: ['token', 'version', 'index', 'last', 'piece'] }),
    deleteFiles: store.script(script('delete_files'), { keys: ledger, args: ['id', 'which'] }),
  };
}

/** Files in Redis. */
export class RedisFiles implements FileStore {
  readonly maxBytes: number;
  readonly #store: Store;
  readonly #scripts: ReturnType<typeof scriptsOf>;
  /** The keys of the ledger, as scripts take them. */
  readonly #ledger: { ledger: string; due: string; used: string; files: string };
  readonly #bounds: { graceMs: number; keptMs: number; maxTotal: number; maxEach: number };

  /**
   * `maxTotalBytes`: what all files may take together, in bytes. One tenant gets a quarter of it.
   */
  constructor(store: Store, maxTotalBytes: number) {
    this.maxBytes = Math.floor(maxTotalBytes * SHARE);
    this.#store = store;
    this.#scripts = scriptsOf(store);
    this.#ledger = ledgerOf(store);
    this.#bounds = { graceMs: GRACE_MS, keptMs: KEPT_MS, maxTotal: maxTotalBytes, maxEach: this.maxBytes };
  }

  async put(file: NewFile): Promise<PutResult> {
    const { jobId, name, tenant, type, bytes, token = '' } = file;
    const version = crypto.randomUUID();
    const own = { ...this.#job(jobId), key: this.#keyOf(jobId, name), name, tenant, token };
    const about = { version, mediaType: type, digest: digestOfBytes(bytes), bytes: bytes.byteLength };
    const reply = (await this.#scripts.reserveFile({ ...own, ...about, ...this.#bounds })) as ReservationReply;
    return reply[0] === 'begun' ? this.#writePieces(file, version) : toResult(reply);
  }

  async #writePieces({ jobId, name, bytes, token = '' }: NewFile, version: string): Promise<PutResult> {
    const where = { key: this.#keyOf(jobId, name), lock: this.#store.keys.lock(jobId), token, version };
    const count = Math.max(Math.ceil(bytes.byteLength / PIECE_BYTES), 1);
    for (let index = 0; index < count; index++) {
      const from = index * PIECE_BYTES;
      const piece = Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.min(PIECE_BYTES, bytes.byteLength - from));
      const written = Number(await this.#scripts.writePiece({ ...where, index, last: index === count - 1 ? 1 : 0, piece }));
      if (written === -1) return { type: 'lost' };
      if (written === 0) throw new OwnError(`${name} of ${jobId} went while it was written`);
    }
    return { type: 'kept' };
  }

  async reserve({ jobId, tenant, token, files }: RoomReservation): Promise<PutResult> {
    const own = { ...this.#job(jobId), tenant, token };
    return toResult((await this.#scripts.reserveOutputs({ ...own, ...this.#bounds }, [...files].flat())) as ReservationReply);
  }

  async release(jobId: string, token = ''): Promise<void> {
    await this.#scripts.releaseOutputs({ ...this.#job(jobId), token });
  }

  async head(jobId: string, name: FileName): Promise<FileInfo | undefined> {
    return (await this.#readHead(this.#keyOf(jobId, name)))?.info;
  }

  async open(jobId: string, name: FileName): Promise<OpenFile | undefined> {
    const key = this.#keyOf(jobId, name);
    const head = await this.#readHead(key);
    if (!head) return undefined;
    const { info, version } = head;
    const { redis } = this.#store;
    const read = async function* ({ from, to }: ByteRange = { from: 0, to: info.bytes }): AsyncGenerator<Uint8Array, void> {
      for (let at = from; at < to;) {
        const index = Math.floor(at / PIECE_BYTES);
        const [now, piece] = await redis.hmgetBuffer(key, 'version', String(index));
        if (now?.toString() !== version || !piece) throw new OwnError(`${name} of ${jobId} went while it was read`);
        const start = index * PIECE_BYTES;
        yield piece.subarray(at - start, Math.min(to - start, piece.byteLength));
        at = start + piece.byteLength;
      }
    };
    return { info, read };
  }

  async outputsOf(jobId: string): Promise<FileName[]> {
    const text = await this.#store.redis.hget(this.#ledger.ledger, jobId).catch(ifWrongType(null));
    const entry = parseJson(text ?? '') as { files?: Record<string, unknown> } | undefined;
    return Object.keys(entry?.files ?? {}).filter(isOutput);
  }

  async delete(jobId: string, which: 'inputs' | 'all'): Promise<number> {
    return Number(await this.#scripts.deleteFiles({ ...this.#ledger, id: jobId, which }));
  }

  #keyOf(jobId: string, name: FileName): string {
    return this.#store.keys.files.of(`${jobId}:${name}`);
  }

  /** The keys of a job and of the ledger, and the job's id. */
  #job(jobId: string) {
    return { ...this.#ledger, job: this.#store.keys.job(jobId), lock: this.#store.keys.lock(jobId), id: jobId };
  }

  /**
   * Reads the fields beside the pieces. A hash that is no whole file counts as no file: others can
   * write to Redis, too.
   */
  async #readHead(key: string): Promise<{ info: FileInfo; version: string } | undefined> {
    const fields = await this.#store.redis
      .hmget(key, 'version', 'type', 'bytes', 'digest', 'whole')
      .catch(ifWrongType<(string | null)[]>([]));
    const [version, type, bytes, digest, whole] = fields;
    const size = Number(bytes ?? undefined);
    if (!version || !type || !digest || !whole || !Number.isSafeInteger(size)) return undefined;
    return { info: { type, bytes: size, digest }, version };
  }
}

/** The keys of the ledger of all files, as scripts take them. */
export function ledgerOf({ keys }: Store): { ledger: string; due: string; used: string; files: string } {
  const { ledger, due, used } = keys.files;
  return { ledger, due, used, files: keys.files.of('') };
}

function isOutput(name: string): name is `out:${string}` {
  return name.startsWith('out:');
}

type ReservationReply = [
  reply: 'begun' | 'there' | 'reserved' | 'lost' | 'full',
  whose: 'all' | 'own',
  freeInMs: number,
  jobsMakeRoom: number,
];

function toResult([reply, whose, freeInMs, jobsMakeRoom]: ReservationReply): PutResult {
  if (reply === 'lost') return { type: 'lost' };
  if (reply !== 'full') return { type: 'kept' };
  return { type: 'full', whose, jobsMakeRoom: jobsMakeRoom === 1, freeInMs: freeInMs < 0 ? undefined : freeInMs };
}
