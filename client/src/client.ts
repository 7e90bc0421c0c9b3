/** The client: submits work of each kind, and finds jobs again. */
import { createJob, type Job } from './job.ts';
import { type Kinds, KINDS } from './kinds.ts';
import { createJobs, type Jobs } from './listing.ts';
import type { KeptJob, Outbox, OutboxBounds } from './outbox.ts';
import { type CallOptions, createWire, request, type WireOptions } from './request.ts';
import type { KeyValueStorage } from './shelf.ts';
import { newKey, submit, type SubmitOptions } from './submission.ts';
import { createWatch, type Watch, type WatchOptions } from './watch.ts';

/** What a client is made with. */
export type ClientOptions = WireOptions & {
  /**
   * Where submissions are kept until they are sent, and jobs until they have ended: AsyncStorage of React Native, localStorage, or an adapter
   * of MMKV. Then a submission resolves at once, also without a network.
   */
  storage?: KeyValueStorage | undefined;
  /** What the keys in the storage begin with; `ai-jobs` by default. Give each user of the device another one. */
  storageKey?: string | undefined;
  /** How much waits there at most. */
  outbox?: OutboxBounds | undefined;
};

/** Where a job is known from: its id, and what was kept of it. */
export type Known = { cursor?: number | undefined; streamUrl?: string | undefined };

/** Where a job's end is told: a URL that gets a signed webhook, and the Expo push token of a phone, which is told if nobody is there then. */
export type Targets = { callbackUrl?: string | undefined; pushToken?: string | undefined };

/** What is submitted of a kind. */
export type Given<Kind extends keyof Kinds> = Kinds[Kind]['input'] & Targets;

/** Submits work: a method for each kind. It resolves when the server has taken the job, with its id; with a storage, when it is kept there. */
type Submit<Id extends string | undefined> = {
  [Kind in keyof Kinds]: (input: Given<Kind>, options?: SubmitOptions) => Promise<Job<Kind, Id>>;
};

/** What a client has beside the kinds. A kind's method may not be called as any of it. */
export type Members = {
  /** A job that was submitted before, perhaps by another device. It is followed from the cursor, or from its start. */
  resume<Kind extends keyof Kinds = keyof Kinds>(jobId: string, known?: Known): Job<Kind>;
  /** All jobs of the user: a list. */
  readonly jobs: Jobs;
  /** All jobs of the user, as they change. */
  watch(options?: WatchOptions): Watch;
  /** The jobs that the storage has: those that were not sent, and those that have not ended, each from where its readers were. */
  restore(): Promise<KeptJob[]>;
  /** The submissions that were not sent. */
  readonly outbox: Outbox;
  /**
   * Sends a request of any kind to the server, with the user's token. Resolves with its answer, also with a refusal. What is no GET is sent
   * once, unless `retries` says otherwise.
   * @throws ApiError `unreachable` if there was no answer in all tries
   */
  request(path: string, init?: Omit<RequestInit, 'headers' | 'signal'> & CallOptions): Promise<Response>;
};

/** A client of one server, for one user. With a storage its jobs have no id until they are sent. */
export type Client<Id extends string | undefined = string> = Submit<Id> & Members;

/** After so long without a word of the server, who waits gets an error, in ms. */
const TIMEOUT_MS = 300_000;

/** Makes a client. */
export function createClient(options: ClientOptions & { storage: KeyValueStorage }): Client<string | undefined>;
export function createClient(options: ClientOptions): Client;
export function createClient(options: ClientOptions): Client {
  const wire = createWire(options);
  const { timeoutMs = TIMEOUT_MS, readFile, storage, storageKey: name = 'ai-jobs', outbox: bounds = {} } = options;
  // It is a part of its own, which only clients with a storage load.
  const loading =
    storage && import('./outbox.ts').then(({ OutboxSender }) => new OutboxSender({ wire, timeoutMs, readFile, storage, name, bounds }));
  loading?.catch(() => {}); // who uses it is told
  const find = (jobId: string, { cursor, streamUrl }: Known = {}, key?: string) =>
    createJob({ wire, timeoutMs, cursor, key, target: { jobId, streamUrl } }).job;

  const submitAs = async (kind: keyof Kinds, input: Record<string, unknown>, options: SubmitOptions = {}): Promise<Job> => {
    const { idempotencyKey: key = newKey(), signal, ...rest } = options;
    if (signal?.aborted) throw signal.reason;
    const outbox = await loading;
    const kept = await outbox?.submit({ kind, input, key, options: rest });
    if (kept) {
      signal?.addEventListener('abort', () => void (kept.id ?? outbox?.remove(key)));
      return kept as Job;
    }
    const { jobId, streamUrl } = await submit(wire, { kind, input, key, options: { ...rest, signal } }, readFile);
    return find(jobId, { streamUrl }, key);
  };
  const methods = (Object.keys(KINDS) as (keyof Kinds)[]).map((kind) => [
    kind,
    async (input: Record<string, unknown>, how?: SubmitOptions) => submitAs(kind, input, how),
  ]);
  const members: Members = {
    resume: find as Members['resume'],
    jobs: createJobs(wire),
    watch: (how = {}) => createWatch(wire, { timeoutMs, ...how }),
    restore: async () => (await loading)?.restore() ?? [],
    outbox: {
      list: async () => (await loading)?.list() ?? [],
      remove: async (key) => (await loading)?.remove(key) ?? false,
    },
    request: async (path, init = {}) =>
      request(wire, path, { retries: (init.method ?? 'GET') === 'GET' ? 2 : 0, ...init }, async (response) => response),
  };
  return { ...(Object.fromEntries(methods) as Submit<string>), ...members };
}
