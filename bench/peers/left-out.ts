/** What each peer of the benches leaves out of what ai-jobs does: a ratio says little without it. */

/** By the beginning of a contender's name. Where a peer has a feature, but less of it, that is said, too. */
const LEFT_OUT: Record<string, string> = {
  'bare node:http + add': 'everything: it does not even validate the input, and has one route.',
  'naive Hono':
    "identity, rate limits, bounds of the queue and of each user, budgets, idempotency, fair turns, deadlines, stream tokens, the list of a user's jobs, the check whether a worker can do the kind, typed problems, a bound of the body.",
  Express:
    "atomic bounds: each feature is a Redis command of its own, so that submissions at the same time can exceed a bound, and one that fails half-way leaves its counts. Turns are priorities by a user's open jobs, whose number never falls. Reservations of budgets, deadlines and the check whether a worker can do the kind.",
  Fastify: 'what Express leaves out: the features are the same code.',
  'bare BullMQ worker':
    'the journal and its events, writes that are fenced by the lock, the result and its usage kept apart from the job, fair turns, cancellation, deadlines, retry rules, registration, health. It has no limiter.',
  'BullMQ + openai SDK':
    "cards while they come (all are there at the end), a kept answer (after a crash it is paid for again), checks of the answer's end and of duplicates, usage and prices, cancellation and deadlines, a bound for a silent model, the circuit breaker, and all that the bare worker leaves out. The SDK's own retries are on.",
  'naive getJob':
    "identity (it answers anyone), `ETag` and 304, position and ETA, `Retry-After`, `?wait=`, the archive, limits of reads. It asks Redis twice, one after the other, as BullMQ's documentation does, and reads the whole job with its input.",
  'naive API': 'all that the naive Hono of the bench submit leaves out; it has no streams, documents or page, and loads nothing for them.',
  'raw node:http':
    "the journal, replay and resuming (events come from the process's own memory), several processes, tokens, one channel for each job, heartbeats, a bounded age, a bound for clients that do not read. It runs with Node's own heap flags, ai-jobs with those of its npm scripts.",
  'better-sse': 'what raw `node:http` leaves out, but for heartbeats.',
  'Hono streamSSE': 'what raw `node:http` leaves out.',
  'nginx + nchan': 'tokens, a state of the job and its end, a journal that outlives nginx. It replays what its memory still has.',
  'bare:':
    'the queue, the lock and its fence, retries, validation of cards (it looks for the next `"}`), replay for clients that come late, tokens, heartbeats, reconnecting to Redis without a gap.',
  'plain, first in first out': "turns, bounds of the queue and of each user, deadlines, the list of a user's jobs.",
};

/** Whether it is one of ours, and not a peer. */
const isOurs = (name: string): boolean => name.startsWith('ai-jobs') || name === 'turns';

/**
 * The list that follows a table of ratios: what each peer among the contenders leaves out.
 * @throws Error if it is not known of a peer
 */
export function listLeftOut(contenders: readonly string[]): string {
  const peers = contenders
    .filter((name) => !isOurs(name))
    .map((name) => Object.keys(LEFT_OUT).find((peer) => name.startsWith(peer)) ?? name);
  const lines = [...new Set(peers)].map((peer) => {
    const what = LEFT_OUT[peer];
    if (what === undefined) throw new Error(`it is not said in peers/left-out.ts what ${peer} leaves out`);
    return `- **${peer.replace(/:$/, '')}**: ${what}`;
  });
  return `What they leave out of what ai-jobs does:\n\n${lines.join('\n')}`;
}
