/**
 * The schemas of events: what is in the `data` of each, by its `type`, which is the name of the
 * event, too.
 */
import type { JsonSchema } from '../kinds/public-schema.ts';
import { count, list, object, oneOf, ref, text, time, url } from './schema.ts';

const named = (type: string, fields: Record<string, JsonSchema>, description: string): JsonSchema =>
  object({ type: { const: type }, jobId: text('The job.'), ...fields }, description);

const seq = count('Its number in the journal of the job, which is the `id` of the event. Numbers grow; some may be left out.');
const attempt = count('The attempt that it belongs to.');
const usage = { 'usage?': ref('Usage') };

/**
 * The events that all kinds have in common. Those with the values of a kind are in kind-schemas.ts.
 */
export const eventSchemas: Record<string, JsonSchema> = {
  StatusEvent: named(
    'status',
    {
      status: { type: 'string', enum: ['waiting', 'active', 'completed', 'failed', 'cancelled'] },
      'attempt?': attempt,
      'retryAt?': time('When the next attempt is due, between two attempts.'),
      'position?': count('Its place in the queue; 1 is next.'),
      'etaSeconds?': count('In how many seconds it will have ended, where that can be estimated.'),
      'paused?': ref('PausedBy'),
      'ignored?': list({ type: 'string' }, 'In the first frame after a POST: the fields of the submission that are not known.'),
    },
    'The status of the job now. It is a hint without an id, and is not sent again. Only the first one of a stream that was opened by POST has an id, 0: a client that reconnects shows by it that it does.',
  ),
  ProgressEvent: named(
    'progress',
    { seq, attempt, percent: { type: 'number', minimum: 0, maximum: 100 }, stage: text('The stage that was reached.') },
    'A stage was reached. `percent` is of the whole job, and never falls.',
  ),
  ItemEvent: named(
    'item',
    {
      seq,
      attempt,
      list: text('The list of the result that it belongs to.'),
      index: count('Its place in the list, from 0.'),
      value: { description: 'The item, as it will stand in the result.' },
      percent: { type: 'number', minimum: 0, maximum: 100 },
    },
    'An item is finished.',
  ),
  ChildEvent: named(
    'child',
    {
      seq,
      attempt,
      child: object({ jobId: text('The other job.'), statusUrl: url('Where it is as JSON.'), streamUrl: url('Where its events are.') }),
    },
    'The job has led to another one.',
  ),
  AttemptEvent: named(
    'attempt',
    { seq, attempt, itemsKept: count('How many finished items are kept.'), code: text('Why the attempt before ended.') },
    'The job starts again. Items are kept, and their numbers go on.',
  ),
  ResetEvent: named('reset', {}, 'Drop everything of this job: all events are sent again, from the first. It has no id.'),
  LiveEvent: named('live', {}, 'Everything that was missed has been sent; what comes next is new. It has no id.'),
  CompletedEvent: named(
    'completed',
    { seq, result: { type: 'object' }, ...usage },
    'The end: the job has its result. It counts more than the items before it.',
  ),
  FailedEvent: named('failed', { seq, error: ref('Problem'), ...usage }, 'The end: the job has failed.'),
  CancelledEvent: named(
    'cancelled',
    { seq },
    'The end: the job was cancelled. What it has used is known a little later, and in its status.',
  ),
  UserEvent: oneOf(
    'type',
    { status: 'StatusEvent', completed: 'CompletedEvent', failed: 'FailedEvent', cancelled: 'CancelledEvent' },
    'An event in the stream of all jobs of a user. None of them has an id.',
  ),
};

/**
 * The schema for each type of event in the stream of a job. Some are another one for a kind that
 * has values of its own.
 */
export const jobEvents = {
  status: 'StatusEvent',
  progress: 'ProgressEvent',
  item: 'ItemEvent',
  child: 'ChildEvent',
  attempt: 'AttemptEvent',
  reset: 'ResetEvent',
  live: 'LiveEvent',
  completed: 'CompletedEvent',
  failed: 'FailedEvent',
  cancelled: 'CancelledEvent',
};
