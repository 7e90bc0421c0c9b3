/** The schemas of what the service says of itself, and of what its operator sees. */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { count, list, object, ref, text, time } from './schema.ts';

const ms = (description: string): JsonSchema => ({ type: 'number', minimum: 0, description });
const spread = (description: string): JsonSchema =>
  object({ p50: ms('Half of the jobs took no longer, in ms.'), p95: ms('Nearly all: 95 of 100 took no longer, in ms.') }, description);
const more = {
  more: { type: 'boolean', description: 'Whether there may be others.' },
  'nextCursor?': text('Where they begin: send it as `cursor`.'),
};
const clockAheadMs: JsonSchema = {
  type: 'integer',
  description:
    "By how many ms a process' clock is ahead of Redis', or behind where it is negative; only where it is off by more than a second.",
};
/** An estimate that is always there, because an autoscaler needs a number. */
const backlog = (description: string): JsonSchema =>
  count(`${description} Where nothing is known it is reckoned with one slot, and with 5 s a job.`);
const utilization = (description: string): JsonSchema => ({
  type: 'number',
  minimum: 0,
  description: `${description} Without a slot it is 1 while jobs wait.`,
});
const archive = {
  waiting: count('Jobs that have ended and are not archived yet.'),
  lagMs: ms('How long the longest of them waits, in ms.'),
  parked: count('Rows that the archive has refused.'),
};
const share = (description: string): JsonSchema =>
  object(
    {
      held: count('How much is held now.'),
      holders: count('By how many users or addresses.'),
      waiting: count('Requests that wait for it.'),
    },
    description,
  );

/** What operators have set for a user. */
const userTerms: Record<string, JsonSchema> = {
  userId: text('The user.'),
  blocked: { type: 'boolean', description: 'Whether submissions and retries are refused.' },
  'weight?': { type: 'number', description: "How many jobs run for one of another user's." },
  'maxJobs?': count('How many unfinished jobs the user may have.'),
  'reason?': text('Why.'),
  'by?': text('Who has set it.'),
  'since?': time('Since when.'),
  'until?': time('When it ends by itself.'),
};

/** A model whose vendor has announced its end. */
const modelEnd = {
  model: text('The model.'),
  date: { type: 'string', format: 'date', description: 'Its last day, as its vendor has announced.' },
};

/** The schemas, by their names in the document. */
export const serviceSchemas: Record<string, JsonSchema> = {
  Index: object(
    {
      name: text('The name of the service.'),
      submit: list(
        object({ method: { const: 'POST' }, path: text('Where a job of the kind is submitted.'), summary: text('What the kind does.') }),
      ),
      ...Object.fromEntries(
        ['look', 'cancel', 'retry', 'erase', 'watch', 'download', 'notify', 'know'].map((use) => [use, list({ type: 'string' })]),
      ),
    },
    'All routes, by what they are for.',
  ),
  Kinds: object({ kinds: list(ref('KindState')) }),
  KindState: object(
    {
      name: text('The kind.'),
      path: text('Where it is submitted.'),
      summary: text('What it does.'),
      available: {
        type: 'boolean',
        description: 'Whether a worker can do it. While no worker is known, it counts as available: jobs wait.',
      },
      'provider?': text('Who does it.'),
      'model?': text('By which model.'),
      'needs?': list({ type: 'string' }, 'The fields that an input must have, where the provider can not do without them.'),
      'modelEnds?': list(object(modelEnd), 'Models that do the kind and end within 60 days, or have ended; absent where there are none.'),
      'missing?': list({ type: 'string' }, 'The variables that no worker has.'),
    },
    'A kind of job, and whether it is on.',
  ),
  Health: object({
    status: { const: 'ok' },
    contractVersion: {
      type: 'string',
      pattern: '^1\\.\\d+$',
      description:
        'The version of this HTTP contract, as in `info.version` of this document. The number after the dot grows where something is new.',
    },
    uptimeSeconds: count('Since the process has started.'),
    followers: count('Streams that are open.'),
  }),
  Ready: object({
    status: { const: 'ready' },
    'pauses?': list(ref('Pause'), 'What operators have paused. Jobs are accepted all the same.'),
    'warnings?': list({ type: 'string' }, 'What the operator should mend, a sentence each: for example that Redis evicts keys.'),
    'clockAheadMs?': clockAheadMs,
  }),
  RedisHealth: object({ status: { const: 'ok' }, latencyMs: ms('The time of a write, in ms.') }),
  Stats: object({
    counts: object({
      waiting: count('Jobs that wait.'),
      active: count('Jobs that run.'),
      delayed: count('Jobs between two attempts.'),
      completed: count('Jobs that have ended well and are kept.'),
      failed: count('Jobs that have failed and are kept.'),
      cancelled: count('Jobs that were cancelled and are kept.'),
    }),
    depth: count('Jobs that have not ended.'),
    oldestWaitingMs: ms('How long the oldest job that waits has waited since it could begin; 0 if none waits.'),
    lanes: {
      type: 'object',
      description:
        'The same for each kind whose jobs wait and run in a lane of their own. Jobs in the queue that all kinds share count in the sums only.',
      additionalProperties: object({
        waiting: count('Jobs that wait in the lane.'),
        active: count('Jobs that run.'),
        delayed: count('Jobs between two attempts.'),
        concurrency: count('Jobs of the kind that can run at once.'),
        'meanRunMs?': ms('How long its last jobs ran, on average.'),
        backlogSeconds: backlog('In how many seconds what waits in the lane would have been run.'),
        utilization: utilization('How many of the slots of the lane are busy: 1 is all of them.'),
      }),
    },
    backlogSeconds: backlog('The longest of all lanes and of the queue that all kinds share.'),
    utilization: utilization('The highest of all lanes, and of all slots together.'),
    'paused?': { const: true, description: 'There where an operator has paused the queue: no job begins until it is resumed.' },
    'pauses?': list(ref('Pause'), 'What operators have paused: all, kinds or providers.'),
    workers: count('Worker processes that live.'),
    concurrency: count('Jobs that can run at once.'),
    perMinute: object({
      completed: count('Jobs that completed in the last minute.'),
      failed: count('Jobs that failed in the last minute.'),
      cancelled: count('Jobs that were cancelled in the last minute.'),
    }),
    'waitMs?': spread('How long jobs waited after they could begin.'),
    'runMs?': spread('How long jobs ran.'),
    'bottleneck?': {
      enum: ['rate', 'concurrency'],
      description: 'What bounds how fast jobs begin: the shared limiter (`WORKER_RATE_MAX`), or how many run at once.',
    },
    'etaSeconds?': count('In how many seconds a job that is submitted now would have ended, where that can be estimated.'),
    'costs?': object(
      { known: count('Calls whose cost is known.'), unknown: count('Calls of vendors or models without a known price.') },
      'Calls to vendors that the last 200 completed jobs made, by whether their cost is known; absent until one was made. Budgets in dollars count only what is known.',
    ),
    'clocksOff?': list(
      object({ process: { enum: ['api', 'worker'] }, aheadMs: clockAheadMs }),
      "This API and the workers whose clock differs from Redis' by more than a second; absent where there are none.",
    ),
    'modelEnds?': list(
      object({ ...modelEnd, kinds: list({ type: 'string' }, 'The kinds that ask it.') }),
      'Models that are in use and end within 60 days, or have ended; absent where there are none.',
    ),
    'archive?': object(archive, 'How far the archive is, where there is one.'),
    notifications: object(
      {
        waiting: count('Webhooks and pushes that wait, those for another try included.'),
        failed: count('Those that have failed in the last seven days.'),
      },
      "What is told of jobs' ends.",
    ),
    held: object(
      {
        bodies: share('Bytes of bodies of requests.'),
        answers: share('Bytes that wait for clients to take them.'),
        streams: share('Streams and long polls.'),
        reads: share('Costly reads of Redis.'),
      },
      'What requests hold in the process that answers.',
    ),
  }),
  ProblemMeaning: object({
    code: text('The code.'),
    status: { type: 'integer', description: 'The status of an answer with this code.' },
    title: text('The problem in short.'),
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later without a change.' },
    detail: text('What it means, and what to do.'),
  }),
  FailedJobs: object({
    jobs: list(
      object({
        jobId: text('The id.'),
        kind: text('The kind.'),
        'userId?': text('Whose it is.'),
        attempt: count('How often it was tried.'),
        createdAt: time('When it was submitted.'),
        'finishedAt?': time('When it failed.'),
        'error?': ref('Problem'),
      }),
      'The oldest failure first.',
    ),
    ...more,
  }),
  RetriedJobs: object({ retried: list({ type: 'string' }, 'The ids of the jobs that wait again.'), ...more }),
  Pause: object({
    scope: { type: 'string', enum: ['all', 'kind', 'provider'] },
    'name?': text('Of the kind or of the provider.'),
    'reason?': text('Why.'),
    since: time('Since when.'),
    'until?': time('When it ends by itself.'),
  }),
  PauseRequest: object({
    scope: { type: 'string', enum: ['all', 'kind', 'provider'] },
    'name?': text('The kind, or the provider; `azure` also means `azure-vision`. None with `all`.'),
    'reason?': { type: 'string', minLength: 1, maxLength: 300, description: 'Why. The users whose jobs wait are shown it.' },
    'until?': time('When it is to end by itself.'),
  }),
  Pauses: object({
    result: text('`paused`, `changed` (it was paused before), `resumed` or `not paused`.'),
    'workers?': object({ live: count('Workers that live.'), holding: count('Those of them that hold it by now.') }),
    pauses: list(ref('Pause'), 'All that is paused now.'),
  }),
  BulkRequest: object({
    'dryRun?': { const: true, description: 'Reckon only.' },
    'state?': { type: 'string', enum: ['active', 'waiting', 'delayed', 'failed', 'cancelled', 'completed'] },
    'kind?': text('Only jobs of this kind.'),
    'user?': text('Only jobs of this user.'),
    'code?': text('Only jobs that failed with this code.'),
    'provider?': text('Only jobs whose answer is of this provider, or that have failed by it.'),
    'since?': text('A time (RFC 3339), or how long ago that is, such as `15m`.'),
    'until?': text('The same for what was before.'),
    'runId?': text('Instead of `dryRun` and the filter: the run to start.'),
    'rate?': { type: 'integer', minimum: 1, maximum: 1000, description: 'With `runId`: how many jobs a second; 50 by default.' },
    'reason?': { type: 'string', minLength: 1, maxLength: 300, description: 'With `runId`: why.' },
  }),
  BulkRun: object({
    'result?': text('Of a start: `started`, or `running` or `done` where it was started before.'),
    runId: text('The id.'),
    action: { type: 'string', enum: ['retry', 'cancel', 'purge'] },
    scope: text('Which jobs, as it was written.'),
    state: { type: 'string', enum: ['ready', 'running', 'done'] },
    count: count('How many jobs it is about.'),
    processed: count('How many of them it has come to.'),
    done: count('How many of these it has changed.'),
    'skipped?': count('How many had changed before it came to them.'),
    price: object(
      {
        usd: { type: 'number', minimum: 0, description: 'In US dollars.' },
        known: { type: 'boolean', description: 'Whether the price of each is known.' },
      },
      'What the jobs cost at most if they run again, told from 50 of them.',
    ),
    by: text('Who has reckoned it.'),
    'startedBy?': text('Who has started it.'),
    'rate?': count('How many jobs a second.'),
    'startedAt?': time('When it was started.'),
    'finishedAt?': time('When it was done.'),
    'expiresAt?': time('Until when it can be started.'),
    'more?': { type: 'boolean', description: 'Whether there are more jobs than the 100,000 of one run.' },
  }),
  UserTermsRequest: object({
    'blocked?': { type: 'boolean', description: 'Whether submissions and retries are refused.' },
    'weight?': { type: 'number', minimum: 0.01, maximum: 1000, description: "How many jobs run for one of another user's." },
    'maxJobs?': { type: 'integer', minimum: 1, description: 'How many unfinished jobs the user may have.' },
    'until?': time('When it ends by itself.'),
    'reason?': { type: 'string', minLength: 1, maxLength: 300, description: 'Why. The user is told.' },
    'cancelRunning?': { type: 'boolean', description: 'Whether to cancel what the user has under way.' },
  }),
  UserTerms: object({
    ...userTerms,
    openJobs: count('How many of the jobs have not ended.'),
    'runId?': text('The run that cancels what was under way.'),
  }),
  UsersTerms: object({ users: list(object(userTerms), 'By id.') }),
  QuietRequest: object({ 'reason?': { type: 'string', minLength: 1, maxLength: 300, description: 'Why.' } }),
  Quiet: object({
    result: text('`quiet`, `changed` (it was quiet before), `resumed` or `not quiet`.'),
    'workers?': object({ live: count('1 if it lives.'), holding: count('1 if it holds by now.') }),
  }),
  Actions: object({
    actions: list(
      object({
        id: text('The id of the entry.'),
        at: time('When.'),
        by: text('The name of the operator; `time` for what ended by itself.'),
        what: text('What was done.'),
        scope: text('What it was about.'),
        'reason?': text('Why.'),
        result: text('What came of it.'),
        'counts?': { type: 'object', additionalProperties: { type: 'number' }, description: 'How many of what.' },
        'requestId?': text('The id of the request.'),
      }),
      'Newest first.',
    ),
  }),
  Archive: object({
    ...archive,
    jobs: list(
      object({ jobId: text('The job.'), code: text('Why its row was refused.'), at: time('When.') }),
      'Some of the jobs whose rows were refused.',
    ),
  }),
  RowsRetried: object({ retried: count('How many refused rows are tried again.') }),
  DeletedUser: object(
    {
      type: text('What has happened; only `DELETE` means something here.'),
      schema: text('The schema of the table; only `auth`.'),
      table: text('The table; only `users`.'),
      'old_record?': {
        ...object({ id: { type: 'string', format: 'uuid' } }, 'The row that was deleted.'),
        type: ['object', 'null'],
      },
    },
    'What a database webhook of Supabase sends.',
  ),
  Ignored: object({ ignored: { const: true, description: 'It was about something else.' } }),
};
