/** What is the same for all who see a job as a Response of OpenAI: its id, and how it has ended. */
import type { Outcome } from './snapshot.ts';

/** How a Response can have ended. */
export type ResponseEnd = 'completed' | 'failed' | 'cancelled' | 'incomplete';

/** How a job that has ended so has ended as a Response. */
export function responseEndOf(outcome: Outcome): ResponseEnd {
  if (outcome.type !== 'completed') return outcome.type;
  // Only the answer to a prompt can be there and be incomplete.
  const { status } = (outcome.result ?? {}) as { status?: unknown };
  return status === 'incomplete' ? 'incomplete' : 'completed';
}

/** What ids of Responses begin with; the job's id follows. */
const RESPONSE_ID = 'resp_';

/** The id of a job's Response. */
export function responseId(jobId: string): string {
  return RESPONSE_ID + jobId;
}

/** The job of a Response's id; undefined if it is none. */
export function jobIdOf(id: string): string | undefined {
  return id.startsWith(RESPONSE_ID) ? id.slice(RESPONSE_ID.length) : undefined;
}
