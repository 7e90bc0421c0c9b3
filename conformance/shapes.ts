/** What clients may rely on in the bodies of answers and in events. Fields that are not named here may come and go. */
import { z } from 'zod';

const time = z.iso.datetime();

/** An address as answers give it: relative to the origin. */
const address = z.string().startsWith('/');

const addresses = { statusUrl: address, streamUrl: address, cancelUrl: address };

/** The Job as the answer to its submission shows it. */
export const submittedJob = z.object({
  jobId: z.string().min(22), // at least 128 random bits
  kind: z.literal('generate-flashcards'),
  status: z.literal('queued'),
  createdAt: time,
  maxAttempts: z.int().min(1),
  ...addresses,
});

/** The addresses of a job that was submitted, as its answer names them. */
export type Submitted = { jobId: string; statusUrl: string; streamUrl: string; cancelUrl: string };

/** A problem, which is also the `error` of a job that failed. */
const problemFields = { type: z.string().min(1), title: z.string().min(1), detail: z.string().min(1), code: z.string().min(1) };

/** The body of every error (RFC 9457). */
export const problem = z.object({
  ...problemFields,
  status: z.int(),
  requestId: z.string().min(1),
  errors: z.array(z.object({ pointer: z.string().startsWith('#'), detail: z.string().min(1) })).optional(),
});

/** The statuses that end a job. */
export const ENDS = ['completed', 'failed', 'cancelled'];

/** The Job as it is read. */
export const job = z.object({
  jobId: z.string(),
  kind: z.string(),
  status: z.enum(['waiting', 'active', 'completed', 'failed', 'cancelled']),
  progress: z.object({ percent: z.number(), stage: z.string(), items: z.number().optional() }).optional(),
  attempt: z.int().optional(),
  maxAttempts: z.int(),
  createdAt: time,
  startedAt: time.optional(),
  finishedAt: time.optional(),
  expiresAt: time.optional(),
  result: z.object({ flashcards: z.array(z.unknown()) }).optional(),
  error: z.object(problemFields).optional(),
  items: z.record(z.string(), z.array(z.unknown())).optional(),
  ...addresses,
});

/** A Job as it is read. */
export type Job = z.infer<typeof job>;

/** What the data of an `item` event has. */
export const item = z.object({ list: z.string(), index: z.int(), value: z.unknown(), seq: z.int() });

/** Says in a few words where a value differs from its shape; undefined if it fits. */
export function misfit(shape: z.ZodType, value: unknown): string | undefined {
  const { error } = shape.safeParse(value);
  return error?.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`).join('; ');
}
