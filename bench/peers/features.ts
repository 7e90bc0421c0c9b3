/** The features of a submission that no library brings, as a team adds them to BullMQ the usual way: a few Redis commands for each. */
import { createHash, createHmac, randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { KIND, presentJob } from './job.ts';

const OUT_OF_REACH = 1_000_000_000;
const DAY_S = 86_400;
/** BullMQ's lowest priority. */
const LAST = 2_097_151;
/** How old the number of waiting jobs may be, in ms. */
const DEPTH_AGE_MS = 1000;

/** A validated request for a job. */
export type Submission = { user: string; requestId: string; input: unknown; key: string | undefined };

/** What to answer: a job, or a problem. */
export type Answer = { status: number; body: object; headers: Record<string, string> };

const refused = (status: number, code: string): Answer => ({ status, body: { code, status }, headers: { 'retry-after': '5' } });

/** Makes the function that submits: idempotency key, bounds of the queue and the user, daily budget, turns by priority, the user's list, a token for the stream. */
export function createSubmit(redis: Redis, queue: Queue): (submission: Submission) => Promise<Answer> {
  const secret = randomUUID();
  const tokenFor = (jobId: string) => `?token=${createHmac('sha256', secret).update(jobId).digest('base64url')}`;
  const depth = createDepth(queue);

  const add = async ({ user, requestId, input }: Submission): Promise<Answer> => {
    if ((await depth()) >= OUT_OF_REACH) return refused(503, 'queue_full');
    const today = new Date().toISOString().slice(0, 10);
    const [counted, used] = (await redis.pipeline().incr(`open:${user}`).get(`spent:${user}:${today}`).exec()) ?? [];
    const [open, spent] = [Number(counted?.[1]), Number(used?.[1] ?? 0)];
    if (open > OUT_OF_REACH || spent > OUT_OF_REACH) {
      await redis.decr(`open:${user}`);
      return refused(429, open > OUT_OF_REACH ? 'too_many_jobs' : 'budget_spent');
    }
    // The more jobs a user has open, the later the next one's turn comes.
    const options = { jobId: `${KIND}-${randomUUID()}`, priority: Math.min(open, LAST) };
    const [job] = await Promise.all([
      queue.add(KIND, { owner: user, requestId, input }, options),
      redis.pipeline().zadd(`jobs:${user}`, Date.now(), options.jobId).expire(`jobs:${user}`, DAY_S).exec(),
    ]);
    const headers = { location: `/api/jobs/${options.jobId}`, 'retry-after': '2' };
    return { status: 202, body: presentJob(options.jobId, job.timestamp, tokenFor(options.jobId)), headers };
  };

  return async (submission) => {
    const { user, key, input } = submission;
    if (key === undefined) return add(submission);
    const place = `idempotency:${user}:${key}`;
    const fingerprint = createHash('sha256').update(JSON.stringify(input)).digest('base64url');
    const taken = await redis.set(place, JSON.stringify({ fingerprint }), 'EX', DAY_S, 'NX');
    if (taken === null) return replay(await redis.get(place), fingerprint);
    const answer = await add(submission);
    if (answer.status === 202) await redis.set(place, JSON.stringify({ fingerprint, answer }), 'EX', DAY_S);
    else await redis.del(place);
    return answer;
  };
}

function replay(stored: string | null, fingerprint: string): Answer {
  const known = JSON.parse(stored ?? '{}') as { fingerprint?: string; answer?: Answer };
  if (known.fingerprint !== fingerprint) return refused(422, 'idempotency_key_reused');
  if (!known.answer) return refused(409, 'in_progress');
  return { ...known.answer, headers: { ...known.answer.headers, 'idempotent-replayed': 'true' } };
}

/** How many jobs wait; Redis is asked once a second. */
function createDepth(queue: Queue): () => Promise<number> {
  let latest: { at: number; depth: Promise<number> } | undefined;
  return () => {
    if (!latest || performance.now() - latest.at > DEPTH_AGE_MS) {
      latest = { at: performance.now(), depth: queue.getJobCountByTypes('waiting', 'prioritized', 'delayed') };
    }
    return latest.depth;
  };
}

/** Who calls, as the gateway says; undefined if it does not. */
export function userIn(header: string | string[] | undefined): string | undefined {
  const user = typeof header === 'string' ? header.trim().normalize('NFC') : '';
  return user === '' || user.length > 256 ? undefined : user;
}

/** The idempotency key in a header, if there is one. */
export const keyIn = (header: string | string[] | undefined): string | undefined => (typeof header === 'string' ? header : undefined);
