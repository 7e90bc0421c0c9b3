/** The client: submits work of each kind, and finds jobs again. */
import { createJob, type Job } from './job.ts';
import { type Kinds, KINDS } from './kinds.ts';
import { createJobs, type Jobs } from './listing.ts';
import { type CallOptions, type ClientOptions, createWire, request } from './request.ts';
import { newKey, submit, type SubmitOptions } from './submission.ts';
import { createWatch, type Watch, type WatchOptions } from './watch.ts';

/** Where a job is known from: its id, and what was kept of it. */
export type Known = { cursor?: number | undefined; streamUrl?: string | undefined };

/** Where a job's end is told: a URL that gets a signed webhook, and the Expo push token of a phone, which is told if nobody is there then. */
export type Targets = { callbackUrl?: string | undefined; pushToken?: string | undefined };

/** What is submitted of a kind. */
export type Given<Kind extends keyof Kinds> = Kinds[Kind]['input'] & Targets;

/** Submits work: a method for each kind. It resolves when the server has taken the job, with its id. */
type Submit = { [Kind in keyof Kinds]: (input: Given<Kind>, options?: SubmitOptions) => Promise<Job<Kind>> };

/** What a client has beside the kinds. A kind's method may not be called as any of it. */
export type Members = {
  /** A job that was submitted before, perhaps by another device. It is followed from the cursor, or from its start. */
  resume<Kind extends keyof Kinds = keyof Kinds>(jobId: string, known?: Known): Job<Kind>;
  /** All jobs of the user: a list. */
  readonly jobs: Jobs;
  /** All jobs of the user, as they change. */
  watch(options?: WatchOptions): Watch;
  /**
   * Sends a request of any kind to the server, with the user's token. Resolves with its answer, also with a refusal. What is no GET is sent
   * once, unless `retries` says otherwise.
   * @throws ApiError `unreachable` if there was no answer in all tries
   */
  request(path: string, init?: Omit<RequestInit, 'headers' | 'signal'> & CallOptions): Promise<Response>;
};

/** A client of one server, for one user. */
export type Client = Submit & Members;

/** After so long without a word of the server, who waits gets an error, in ms. */
const TIMEOUT_MS = 300_000;

/** Makes a client. */
export function createClient(options: ClientOptions): Client {
  const wire = createWire(options);
  const { timeoutMs = TIMEOUT_MS, readFile } = options;
  const find = (jobId: string, { cursor, streamUrl }: Known = {}, key?: string) =>
    createJob({ wire, timeoutMs, cursor, key, target: { jobId, streamUrl } }).job;

  const methods = Object.keys(KINDS).map((name) => [
    name,
    async (input: Record<string, unknown>, { idempotencyKey: key = newKey(), ...how }: SubmitOptions = {}) => {
      const { jobId, streamUrl } = await submit(wire, { kind: name as keyof Kinds, input, key, options: how }, readFile);
      return find(jobId, { streamUrl }, key);
    },
  ]);
  const members: Members = {
    resume: find as Members['resume'],
    jobs: createJobs(wire),
    watch: (how = {}) => createWatch(wire, { timeoutMs, ...how }),
    request: async (path, init = {}) =>
      request(wire, path, { retries: (init.method ?? 'GET') === 'GET' ? 2 : 0, ...init }, async (response) => response),
  };
  return { ...(Object.fromEntries(methods) as Submit), ...members };
}
