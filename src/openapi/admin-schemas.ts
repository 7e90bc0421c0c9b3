/** The schemas of what operators see. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { count, list, object, ref, text, time } from './schema.ts';

const flag = (description: string): JsonSchema => ({ type: 'boolean', description });

const sums = object({
  failed: count('Jobs that have failed for good.'),
  retried: count('Attempts that have failed, and their jobs run again; lost workers, too.'),
  putOff: count('Runs whose job was put off at no cost of an attempt: its vendor asks to slow down, or its breaker is open.'),
});

const foundJob: Record<string, JsonSchema> = {
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
};

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
        'jobId?': text('One of the jobs; absent where those that are known are erased.'),
      }),
      'What has failed most in the last five minutes first.',
    ),
  }),
  FoundJob: object(foundJob, 'A job as operators see it. It has nothing that a user or a model wrote.'),
  InspectedJob: object({
    ...foundJob,
    'requestId?': text('The request that it was submitted with.'),
    'traceId?': text('The trace that it is part of, where there is one.'),
    'parent?': text('The job that it comes of.'),
    'child?': text('The job that came of it.'),
    'notifies?': { type: 'string', enum: ['webhook', 'push', 'both'], description: 'Who is told of its end.' },
    'expiresAt?': time('Until when it is kept.'),
    attempts: list(object({ attempt: count('Its number.'), 'endedBy?': text('The code that it has ended with, if it failed.') })),
    setbacks: object({
      putOffs: count('How often it was put off at no cost of an attempt.'),
      lost: count('How many of its workers were lost.'),
      givenBack: count('How often a worker that could not run it has given it back.'),
      retries: count('How often its user has retried it.'),
    }),
    'lockMs?': count('For how long the lock of its run holds, in ms; absent where it does not run.'),
    calls: list({ type: 'object', description: 'What one call has used: a Usage.' }, 'Each call of a vendor, in no order.'),
    journal: object({
      rows: count('How many rows it has.'),
      shown: list(
        object({
          seq: count('The number of the row.'),
          type: { type: 'string', enum: ['progress', 'item', 'child', 'attempt'], description: 'What it is.' },
          attempt: count('The attempt that wrote it.'),
          'bytes?': count('The size of the item as JSON.'),
          'list?': text('The list of the item.'),
          'index?': count('Its place there.'),
          'percent?': { type: 'number', description: 'How far the job was.' },
          'stage?': text('The stage that was reached.'),
          'code?': text('Why the attempt before has ended.'),
          'itemsKept?': count('How many items were kept then.'),
          'child?': object({ jobId: text('The job that came of it.') }),
        }),
      ),
    }),
    deliveries: list(
      object({
        id: text('The id.'),
        channel: { type: 'string', enum: ['webhook', 'push'], description: 'What it is.' },
        type: text('What it tells.'),
        'origin?': text('Where a webhook goes, without path and query.'),
        status: { type: 'string', enum: ['waiting', 'delivered', 'failed'], description: 'How far it is.' },
        'code?': text('Why it has failed.'),
        createdAt: time('When it was made.'),
        'nextAttemptAt?': time('When it is tried next.'),
        attempts: list({ type: 'object', description: 'A try.' }),
      }),
    ),
    'archive?': object({ code: text('Why the archive has refused its row.'), at: time('When.') }),
    followers: count('How many follow it in the process that answers.'),
    'input?': { description: 'The input, where it was asked for.' },
  }),
  DeadLetters: object({
    letters: list(
      object({
        id: text('The id.'),
        type: { type: 'string', enum: ['delivery', 'archive', 'job'], description: 'What it is.' },
        jobId: text('The job.'),
        code: text('Why it went nowhere.'),
        'at?': time('When.'),
        'channel?': { type: 'string', enum: ['webhook', 'push'], description: 'Of a delivery: what it is.' },
        'kind?': text('Of a job: its kind.'),
        'userId?': text('Of a job: whose it is.'),
        replay: text('Where it is tried again, by POST.'),
      }),
    ),
    more: flag('Whether there may be others.'),
    'nextCursor?': text('Where they begin: send it as `cursor`.'),
  }),
  Replayed: object({ id: text('The id.'), replayed: { const: true, description: 'It is tried again.' } }),
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
