/** The schemas of what operators see. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { count, list, object, ref, text, time } from './schema.ts';

const flag = (description: string): JsonSchema => ({ type: 'boolean', description });

const sums = object({
  failed: count('Jobs that have failed for good.'),
  retried: count('Attempts that have failed, and their jobs run again; lost workers, too.'),
  putOff: count('Runs whose job was put off at no cost of an attempt: its vendor asks to slow down, or its breaker is open.'),
});

/** The schemas, by their names in the document. */
export const adminSchemas: Record<string, JsonSchema> = {
  JobErrors: object({
    errors: list(
      object({
        code: text('The code.'),
        title: text('What it means in short.'),
        'kind?': text('The kind of the jobs; absent where there were too many groups to tell.'),
        'provider?': text('Whom they have asked.'),
        'model?': text('Which model.'),
        lastFiveMinutes: sums,
        lastHour: sums,
        jobId: text('One of the jobs.'),
      }),
      'What has failed most in the last five minutes first.',
    ),
  }),
  FoundJob: object(
    {
      jobId: text('The id.'),
      kind: text('The kind.'),
      state: { type: 'string', enum: ['active', 'waiting', 'delayed', 'failed', 'cancelled', 'completed'], description: 'Where it is.' },
      'userId?': text('Whose it is.'),
      attempt: count('How often it was tried; a lost worker counts, too.'),
      maxAttempts: count('How often it may be.'),
      createdAt: time('When it was submitted.'),
      'since?': time('Since when it is there: it can begin, runs, or has ended. Of a delayed job: when it was submitted.'),
      'waitMs?': count('How long it has waited since it could begin, in ms; of one that began: until then.'),
      'startedAt?': time('When its last run began.'),
      'finishedAt?': time('When it ended.'),
      'worker?': text('The worker that took it last.'),
      'provider?': text('Who gave the answer; of a failed job: who was asked last.'),
      'model?': text('By which model.'),
      'position?': count('Its place in its queue, 1 being next.'),
      'retryAt?': time('When it is due.'),
      'cancelAt?': time('When it is to be cancelled.'),
      'progress?': ref('Progress'),
      'error?': ref('Problem'),
      'usage?': ref('Usage'),
    },
    'A job as operators see it. It has nothing that a user or a model wrote.',
  ),
  FoundJobs: object({
    jobs: list(ref('FoundJob')),
    more: flag('Whether there may be others.'),
    'nextCursor?': text('Where they begin: send it as `cursor`.'),
  }),
  Workers: object({
    workers: list(
      object({
        id: text('Of this process: a worker that is started again has another one.'),
        name: text('Its host and process id. Jobs name the worker that has them by it.'),
        version: text('Its version.'),
        live: flag('Whether it has said in the last 15 s that it lives.'),
        seenAt: time('When it said so last.'),
        concurrency: count('How many jobs it runs at once.'),
        'lanes?': { type: 'object', additionalProperties: { type: 'integer' }, description: 'How many of each kind it runs at once.' },
        kinds: list(
          object({
            kind: text('The kind.'),
            available: flag('Whether it can do it.'),
            'provider?': text('By whom.'),
            'model?': text('By which model.'),
            'missing?': list({ type: 'string' }, 'The variables that it has not.'),
          }),
        ),
        'active?': count('How many jobs it runs.'),
        'jobs?': list({ type: 'string' }, 'Some of these: 20 at most.'),
        'loopAgeMs?': count('For how long it has been expected to look for jobs, in ms. It rises where the worker hangs.'),
        'lastJob?': object({ jobId: text('The job that it took last.'), at: time('When.') }),
        quiet: flag('Whether an operator has told it to take no more jobs.'),
        'clockAheadMs?': { type: 'integer', description: "By how many ms its clock is ahead of Redis', where it is off by more than 1 s." },
      }),
      'By name.',
    ),
  }),
};
