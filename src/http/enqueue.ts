/** From a validated input to an accepted job: limits, room, and the job that is there already. */
import type { Context } from 'hono';
import type { Snapshot } from '../job/snapshot.ts';
import { digestOf } from '../job/id.ts';
import { ProblemError } from '../job/problem.ts';
import type { Order, Submission } from '../queue/queue.ts';
import type { AppDeps, AppEnv } from './env.ts';
import { consume } from './rate-limits.ts';
import { toRefusalProblem } from './refusal.ts';

/** A job that was accepted: its snapshot where it was there before, else what is known without a look. */
export type Accepted = Pick<Snapshot, 'id' | 'kind' | 'createdAt' | 'maxAttempts'> & { replayed?: Snapshot };

/** Enqueues a job if the limits let it, or finds the one that it would be, which counts against none. */
export async function enqueue(c: Context<AppEnv>, deps: AppDeps, order: Order): Promise<Accepted> {
  const { limits } = deps;
  const { tenant } = order.payload;
  await consume(c, limits.submit, tenant).catch(async (error: unknown) => {
    // What was accepted before is no new submission, however many there were since.
    const refused = error instanceof ProblemError && error.code === 'rate_limited'; // else Redis is away, and is not waited for twice
    if (!refused || order.key === undefined || !(await deps.queue.holds(order.key))) throw error;
  });
  const job = order.key === undefined && deps.sameWorkMs > 0 ? await joinOrSubmit(c, deps, order) : await submitOnce(c, deps, order);
  if (job.replayed) await limits.submit.refund(tenant);
  c.header('Location', `/api/jobs/${job.id}`);
  return job;
}

/** With an Idempotency-Key: the same request twice is one job, however it ended. */
async function submitOnce(c: Context<AppEnv>, deps: AppDeps, order: Order): Promise<Accepted> {
  const submission = await submit(deps, order);
  const { id, replayed, sameInput } = submission;
  if (!replayed) return accepted(order, submission, deps);
  if (!sameInput)
    throw new ProblemError('idempotency_key_reused', 'This Idempotency-Key was sent with another input; a new request needs a new key.');
  const seen = await deps.queue.read(id);
  if (!seen)
    throw new ProblemError('job_expired', 'The job of this Idempotency-Key is gone; send a new key to run it again.', { jobId: id });
  c.header('Idempotent-Replayed', 'true');
  return { ...seen.snapshot, replayed: seen.snapshot };
}

/** How often a job that is not worth joining is passed over; after that the new one is simply submitted. */
const TRIES = 3;

/** The same work once: a user's identical input within the window is the job that runs for it, or its result. */
async function joinOrSubmit(c: Context<AppEnv>, deps: AppDeps, order: Order): Promise<Accepted> {
  const { queue, sameWorkMs: keyMs } = deps;
  const answers = await answersOf(order.kind, queue);
  if (answers === undefined) return accepted(order, await submit(deps, order), deps);
  const { tenant, input } = order.payload;
  const key = await digestOf([tenant, order.kind, answers, input]);
  for (let n = 0; n < TRIES; n++) {
    const submission = await submit(deps, { ...order, key, keyMs });
    if (!submission.replayed) return accepted(order, submission, deps);
    const seen = await queue.read(submission.id);
    if (seen && (seen.snapshot.end?.outcome.type ?? 'completed') === 'completed') {
      c.header('Job-Reused', 'true');
      return { ...seen.snapshot, replayed: seen.snapshot };
    }
    await queue.forget(key, submission.id); // it failed, was cancelled or is gone: nobody wants that again
  }
  return accepted(order, await submit(deps, order), deps);
}

async function submit({ queue, log }: AppDeps, order: Order): Promise<Submission> {
  const submission = await queue.submit(order);
  if (submission.type !== 'submitted') throw await toRefusalProblem(submission, queue);
  const { id: jobId, replayed } = submission;
  const { owner, requestId } = order.payload;
  log.info({ jobId, requestId, kind: order.kind, owner, replayed }, 'job submitted');
  return submission;
}

function accepted({ kind }: Order, { id, createdAt }: Submission, { maxAttempts }: AppDeps): Accepted {
  return { id, kind, createdAt, maxAttempts };
}

/** What makes answers stand for each other's; undefined where workers differ in it, or none is known. */
async function answersOf(kind: string, queue: AppDeps['queue']): Promise<string | undefined> {
  const availability = await queue.availability(kind);
  return availability.type === 'available' ? availability.answers : undefined;
}
