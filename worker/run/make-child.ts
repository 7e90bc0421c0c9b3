/** Makes the job that a finished job leads to, and says so in the journal. */
import type { NextJob } from '../../src/kinds/kind.ts';
import type { Children } from '../../src/jobs/child-job.ts';
import type { Journal } from './journal.ts';
import { reservedForNext } from '../../src/jobs/reservation.ts';
import type { Attempt } from './attempt.ts';
import type { Task } from './task.ts';

/** What one run makes its child with. */
type Parts = { children: Children; attempt: Attempt; journal: Journal };

/**
 * Makes the child and resolves with what stands for it in the result. After an earlier run has made it, nothing is added.
 * Rejects with LockLostError if the job is not this run's any more.
 */
export async function makeChild<Result>(
  { id, owner, tenant, targets, requestId, reserved }: Task,
  { kind, inputFrom }: NextJob<Result>,
  result: Result,
  { children, attempt, journal }: Parts,
): Promise<{ jobId: string }> {
  const input = kind.input.parse(inputFrom(result));
  await journal.checkLock(); // adding a job does not check it
  const request = { parent: id, kind: kind.name, owner, tenant, targets, requestId, reserved: reservedForNext(reserved), input };
  const child = { jobId: await children.add(request) };
  if (!attempt.hasChild()) await attempt.write({ type: 'child', attempt: attempt.number, child });
  return child;
}
