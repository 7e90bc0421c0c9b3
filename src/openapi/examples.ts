/**
 * Examples of jobs and of streams. The values are made up; the shapes are those of real answers.
 */
import type { Kind } from '../kinds/kind.ts';

/** An id of a job. */
export const JOB_ID = 'generate-flashcards-z51ffWz8IhCzPZbF0LeAw74ZQm3xT0aB';

const RANDOM = JOB_ID.slice('generate-flashcards-'.length);
const TOKEN = 'zzzzzzzzzz.usLXo6iNeqAD2vmZ87CzdrP-MUAcDTzSB-UF4bGuP6o';
const CREATED = '2026-11-23T21:32:57.440Z';

const idFor = ({ name }: Pick<Kind, 'name'>) => `${name}-${RANDOM}`;

const addressesOf = (jobId: string) => ({
  statusUrl: `/api/job-status/${jobId}`,
  streamUrl: `/api/jobs/${jobId}/events?token=${TOKEN}`,
  cancelUrl: `/api/jobs/${jobId}/cancel`,
});

/** A job of a kind that was just submitted. */
export function queuedJob(kind: Pick<Kind, 'name'>) {
  const jobId = idFor(kind);
  return { jobId, kind: kind.name, status: 'queued', createdAt: CREATED, maxAttempts: 3, ...addressesOf(jobId) };
}

/** A job of a kind that runs. */
export function activeJob(kind: Pick<Kind, 'name'>) {
  const progress = { percent: 40, stage: 'generating', items: 4 };
  return { ...queuedJob(kind), status: 'active', progress, attempt: 1, startedAt: '2026-11-23T21:32:57.512Z' };
}

/** A job of a kind that has ended well. */
export function finishedJob(kind: Kind) {
  return {
    ...activeJob(kind),
    status: 'completed',
    progress: { percent: 100, stage: 'generating', items: 3 },
    finishedAt: '2026-11-23T21:33:09.031Z',
    expiresAt: '2026-11-24T21:33:09.031Z',
    result: kind.example.result,
    usage: { inputTokens: 420, outputTokens: 310, costUsd: 0.0012 },
    provider: 'openai',
    model: 'gpt-5.4-mini',
  };
}

/** A stream of a job of a kind as it is on the wire, from its submission to its end. */
export function streamText(kind: Kind): string {
  const jobId = idFor(kind);
  const frame = (event: string, data: object, id?: number, retry?: number) =>
    `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify({ type: event, jobId, ...data })}\n${retry === undefined ? '' : `retry: ${retry}\n`}\n`;
  const frames = [
    'retry: 2000\n\n',
    frame('status', { status: 'waiting', position: 1, etaSeconds: 12 }),
    frame('status', { status: 'active', attempt: 1 }),
    frame('progress', { seq: 1, attempt: 1, percent: 5, stage: 'generating' }, 1),
  ];
  const usage = { inputTokens: 420, outputTokens: 310, costUsd: 0.0012 };
  return [...frames, frame('completed', { seq: 2, result: kind.example.result, usage }, 2, 0)].join('');
}
