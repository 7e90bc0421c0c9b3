/** The client: submits work of each kind, and finds jobs again. */
import { toRequestBody } from './files.ts';
import { createJob, type Job } from './job.ts';
import { type Kinds, KINDS } from './kinds.ts';
import type { JobObject } from './events.ts';
import { type ClientOptions, createSend, submitOnce } from './request.ts';

/** Where a job is known from: its id, and what was kept of it. */
export type Known = { cursor?: number | undefined; streamUrl?: string | undefined };

/** Where a job's end is told: a URL that gets a signed webhook, and the Expo push token of a phone, which is told if nobody is there then. */
export type Targets = { callbackUrl?: string | undefined; pushToken?: string | undefined };

/** What is submitted of a kind. */
export type Given<Kind extends keyof Kinds> = Kinds[Kind]['input'] & Targets;

/** How it is submitted. */
export type SubmitOptions = {
  /**
   * What makes a submission one job however often it is sent: 1 to 255 characters that are kept before it is sent, so that an app that is
   * closed before the answer can submit the same again. Without it each call has a key of its own, which is only good for its own tries.
   */
  idempotencyKey?: string | undefined;
};

/** Submits work: a method for each kind. It resolves when the server has taken the job, with its id. */
type Submit = { [Kind in keyof Kinds]: (input: Given<Kind>, options?: SubmitOptions) => Promise<Job<Kind>> };

/** A client of one server, for one user. */
export type Client = Submit & {
  /** A job that was submitted before, perhaps by another device. It is followed from the cursor, or from its start. */
  resume<Kind extends keyof Kinds = keyof Kinds>(jobId: string, known?: Known): Job<Kind>;
};

/** How often the server sends a comment unless it is set otherwise, in ms. */
const HEARTBEAT_MS = 15_000;

/** How many heartbeats may be missed, so to say, before a connection counts as dead. */
const PATIENCE = 2.5;

const BACKOFF = { firstMs: 500, mostMs: 20_000 };

/** Makes a client. */
export function createClient(options: ClientOptions): Client {
  const send = createSend(options);
  const { heartbeatMs = HEARTBEAT_MS, backoff = BACKOFF } = options;
  const common = { send, silenceMs: heartbeatMs * PATIENCE, backoff };

  const submit = async <Kind extends keyof Kinds>(
    kind: Kind,
    input: Given<Kind>,
    { idempotencyKey }: SubmitOptions = {},
  ): Promise<Job<Kind>> => {
    const { path, files } = KINDS[kind];
    const body = await toRequestBody(input, { files, readFile: options.readFile });
    const job = (await submitOnce(send, path, body, { backoff, key: idempotencyKey })) as JobObject<Kind>;
    return createJob<Kind>({ ...common, id: job.jobId, streamUrl: job.streamUrl });
  };
  const methods = Object.keys(KINDS).map((kind) => [
    kind,
    (input: never, options?: SubmitOptions) => submit(kind as keyof Kinds, input, options),
  ]);
  return {
    ...(Object.fromEntries(methods) as Submit),
    resume: (jobId, known = {}) => createJob({ ...common, id: jobId, ...known }),
  };
}
