/** The schemas of jobs: the Job object, lists of jobs, problems, and what a job has used. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { count, list, object, ref, text, time, url } from './schema.ts';

const STATUSES = ['queued', 'waiting', 'active', 'completed', 'failed', 'cancelled'];

/** They are the same for all kinds; those of each kind are in kind-schemas.ts. */
export const jobSchemas: Record<string, JsonSchema> = {
  Problem: object(
    {
      type: url('Identifies the problem. At this address it says what the code means and what to do.'),
      title: text('The problem in short; the same for every problem with this code.'),
      'status?': { type: 'integer', description: 'The status of the answer. It is absent in the `error` of a job.' },
      detail: text('This problem in words, with the way out.'),
      code: text('The reason for programs. Codes may be added.'),
      retryable: { type: 'boolean', description: 'Whether the same request may succeed later without a change.' },
      'requestId?': text('The id under which the logs have the request.'),
      'jobId?': text('The job it is about.'),
      'errors?': list(ref('FieldError'), 'The fields at fault.'),
    },
    'An error (RFC 9457). Programs use `code`; people read `detail`.',
  ),
  FieldError: object({
    pointer: text('The field, as a JSON Pointer in a URI fragment (RFC 6901): `#/count`.'),
    detail: text('What is expected there.'),
  }),
  Usage: object(
    {
      inputTokens: count('Tokens that went to a model.'),
      outputTokens: count('Tokens that a model wrote.'),
      'characters?': count('Characters that were spoken.'),
      'seconds?': { type: 'number', minimum: 0, description: 'Seconds of sound.' },
      'images?': count('Images that were read.'),
      'costUsd?': { type: 'number', minimum: 0, description: 'What it costs, in US dollars, where the price is known.' },
      'estimated?': { type: 'boolean', description: 'Whether some of it is an estimate.' },
      'dropped?': count("How many items of models' answers were not usable. Absent if none."),
    },
    'What a job has used. What a provider does not bill is 0 or absent.',
  ),
  Progress: object(
    {
      percent: { type: 'number', minimum: 0, maximum: 100, description: 'Of the whole job. It never falls.' },
      stage: text('What is being done.'),
      items: count('How many items are finished.'),
    },
    'How far a job is.',
  ),
  PausedBy: object(
    {
      'reason?': text('Why, in the words of the operator.'),
      since: time('Since when.'),
      'until?': time('When it ends by itself.'),
    },
    'There while the job waits because an operator has paused its kind, its provider or all jobs.',
  ),
  Job: object(
    {
      jobId: text('The id. It is hard to guess, and safe in an address.'),
      kind: text('The kind of job.'),
      status: {
        type: 'string',
        enum: STATUSES,
        description: '`queued` is only in the answer to a submission. `completed`, `failed` and `cancelled` are ends.',
      },
      'progress?': ref('Progress'),
      'attempt?': count('Which attempt runs or ran last, from 1. A lost worker counts as an attempt, too.'),
      maxAttempts: count('How often the job is tried.'),
      'position?': count('Its place in the queue while it waits; 1 is next.'),
      'etaSeconds?': count('In how many seconds it will have ended, where that can be estimated.'),
      'retryAt?': time('When the next attempt is due, between two attempts.'),
      'paused?': ref('PausedBy'),
      createdAt: time('When it was submitted.'),
      'startedAt?': time('When it began to run.'),
      'cancelAt?': time('When it is cancelled, if it has not ended by then.'),
      'cancelRequestedAt?': time('When it was asked to cancel it.'),
      'finishedAt?': time('When it ended.'),
      'expiresAt?': time('Until when it is kept, at least.'),
      'result?': { type: 'object', description: 'What the job has made; each kind has its own schema. Lists of jobs leave it out.' },
      'error?': { ...ref('Problem'), description: 'Why it failed.' },
      'usage?': ref('Usage'),
      'provider?': text('Who gave the answer.'),
      'model?': text('By which model.'),
      'ignored?': list({ type: 'string' }, 'The fields of the submission that are not known, such as misspelt ones: 20 names at most.'),
      statusUrl: url('Where the job is as JSON. Where an identity is needed it has a token.'),
      streamUrl: url('Where the events of the job are, with a token.'),
      cancelUrl: url('Where the job is cancelled (POST).'),
      'items?': {
        type: 'object',
        description: 'With `?include=items`: the items that are finished so far, by the list that they belong to.',
      },
    },
    'A job. What has no value is absent, never null; times are in UTC (RFC 3339).',
  ),
  LegacyJob: {
    description: 'A Job in the words of the first clients: a cancelled job reads `failed`, with the code `cancelled` in its `error`.',
    allOf: [ref('AnyJob'), { properties: { status: { enum: ['waiting', 'active', 'completed', 'failed'] } } }],
  },
  JobList: object({
    jobs: list(ref('Job'), 'Newest first, without results.'),
    'nextCursor?': text('There if there may be more: send it as `cursor`. A page with few jobs, or without any, can have one.'),
  }),
  ErasedCounts: object(
    {
      jobs: count('Jobs.'),
      results: count('Results of jobs.'),
      files: count('Files of jobs.'),
      keys: count('Keys in Redis, such as idempotency keys.'),
    },
    'How much was erased.',
  ),
};
