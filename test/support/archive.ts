/** What tests of the archive share: a Supabase project, an API and a worker that use it, and two users. */
import { expect } from 'vitest';
import type { Snapshot } from '../../src/job/snapshot.ts';
import { tenantOf } from '../../src/job/tenant.ts';
import { openRedis } from './keys.ts';
import { isEnd, watch } from './sse.ts';
import { startStack, type Stack } from './stack-in-process.ts';
import { startSupabase, type SupabaseProject, type User } from './supabase-project.ts';

export type Setup = { project: SupabaseProject; stack: Stack; ana: User; bob: User };

/** A project, an API and a worker that use it, and two users. */
export async function start(env: Record<string, string> = {}, options: { ranges?: boolean } = {}): Promise<Setup> {
  const project = await startSupabase(options);
  const stack = await startStack({ ...project.env, ADMIN_TOKEN: 'the-operator-knows-it', ...env });
  await stack.startWorker();
  const [ana, bob] = [await project.signUp(), await project.signUp()];
  await stack.get('/api/jobs', as(ana)); // it knows the project's keys from now on
  return { project, stack, ana, bob };
}

/** The header of a user's session. */
export const as = ({ token }: User) => ({ authorization: `Bearer ${token}` });
export const OPERATOR = { authorization: 'Bearer the-operator-knows-it' };

/** Submits a job, and resolves with it when its stream has ended. */
export async function run(
  { stack, ana }: Setup,
  user = ana,
  input: object = { content: 'Hund: dog\nKatze: cat' },
): Promise<Record<string, any>> {
  const job = await stack.submit(input as Record<string, unknown>, as(user));
  await (await watch(stack.url + job['streamUrl'])).until(isEnd);
  return job;
}

/** All rows of the archive, the oldest first. */
export const rowsOf = ({ project }: Setup) => project.sql('select * from public.jobs order by created_at');

/** Resolves when so many rows are there. */
export async function archived(setup: Setup, count: number): Promise<void> {
  await expect.poll(() => rowsOf(setup)).toHaveLength(count);
}

/** Redis forgets all that this test has in it. */
export async function forgetAll({ stack }: Setup): Promise<void> {
  const redis = openRedis();
  for (let cursor = '0'; ;) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', `${stack.prefix}*`, 'COUNT', 1000);
    if (keys.length > 0) await redis.del(...keys);
    if (next === '0') return;
    cursor = next;
  }
}

/** Sends a request without a body. */
export const send = (setup: Setup, method: string, path: string, headers: Record<string, string>) =>
  fetch(setup.stack.url + path, { method, headers });

/** A job that has ended. */
export const jobOf = (owner: string, id: string, more: Partial<Snapshot> = {}): Snapshot => ({
  id,
  kind: id.slice(0, -33),
  owner,
  tenant: tenantOf(owner, undefined),
  status: 'cancelled',
  attempt: 1,
  maxAttempts: 1,
  createdAt: 1,
  finishedAt: 2,
  length: 0,
  end: { seq: 1, outcome: { type: 'cancelled' } },
  ...more,
});
