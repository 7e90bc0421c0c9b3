/**
 * Every key there is in Redis: BullMQ's, as far as our scripts touch
 * them, and our own; the prefix keeps them in one cluster slot.
 */
import type { Tenant } from '../job/tenant.ts';

/**
 * The BullMQ queue that all kinds share. It has the records, the events and the ended
 * jobs of all of them; jobs wait and run in it where they are in no lane.
 */
export const QUEUE_NAME = 'ai-jobs';

/** The BullMQ queue of notifications. */
export const NOTIFICATIONS = 'ai-jobs-notifications';

/** BullMQ's keys of a queue in which jobs wait and run. Each lane has its own. */
export const LANE_KEYS = ['wait', 'active', 'prioritized', 'delayed', 'stalled', 'stalled-check', 'marker', 'paused', 'pc'] as const;

/** BullMQ's keys of what all lanes share. `meta` is among them, so that a pause holds for all. */
const SHARED_KEYS = ['completed', 'failed', 'events', 'meta', 'limiter', 'id'] as const;

/** BullMQ's keys. */
export type QueueKey = (typeof LANE_KEYS | typeof SHARED_KEYS)[number];

const OF_LANE: ReadonlySet<string> = new Set(LANE_KEYS);

/**
 * Where jobs wait and run: a lane, which is called as the kind whose
 * jobs are in it; or undefined for the queue that all kinds share.
 */
export type Lane = string | undefined;

/**
 * The name of the BullMQ queue that has a key of a lane. The names
 * of BullMQ's keys stay free: kinds are no ids (id.ts).
 */
export function queueNameOf(lane: Lane, key: string): string {
  return lane !== undefined && OF_LANE.has(key) ? `${QUEUE_NAME}-${lane}` : QUEUE_NAME;
}

/** A tenant; or nobody, for what the keys of all tenants begin with. */
type TenantOrNone = Tenant | '';

/**
 * The keys under a prefix, such as `{ai-jobs}`. Others can write to Redis,
 * too. What happens where a structure is of another type, or holds nonsense:
 *
 * - a job's record: a field that can't be read is as if it were not there.
 *   Where BullMQ needs it the job fails as `internal_error` when it is taken
 *   up (unreadable.ts). A record of another type is no job until then.
 * - a job's log: rows that are none of ours are skipped. A log
 *   of another type fails the job when it writes to it.
 * - a job's lock: BullMQ replaces it when the job is taken up.
 * - `jobsOf`, `open`: begun anew by the next submission or list
 *   (`mending` of store.ts). Entries that lead nowhere are taken out.
 * - `coming`, `turns`, `children`: begun anew by the next submission. A
 *   tag past all measure puts its tenant last until the queue is empty.
 * - `deadlines`: begun anew by the next sweep. Entries that
 *   name no job are taken out when they are due.
 * - `leaving`: begun anew. Jobs that were in it wait until they are found stalled.
 * - `cancelled`: begun anew by the next cancellation. Until
 *   then the statistics count no job as cancelled.
 * - `spent`, `spent-usd`: begun anew if it is of another type and a
 *   budget is set; a text that is no number counts as 0. Until it is
 *   gone, after two days, the jobs of this tenant that report usage fail.
 * - `reserved`: begun anew by the next submission, so that running jobs
 *   may cost more than is left. Entries that can't be read count as nothing.
 * - a breaker: begun anew by the next call, also if a time in it is out of reach.
 * - `processes` and what goes with it: begun anew by the next heartbeat.
 * - a rate: begun anew by the next submission; that of a lane, when its next job begins.
 * - an idempotency key: its own submissions fail until it is gone.
 * - the newest key of a request: of another type, its own submissions fail until it is gone.
 * - a shared value: decided anew.
 * - a chat: one of another type fails its own requests until it is gone.
 * - `writes`: noted anew; the check for stalled jobs is held back once.
 * - a file: one that is not whole is none. The ledger of files is begun anew
 *   if it is of another type; what stood in it takes room until Redis drops it.
 *   What tenants use is counted anew from the ledger before anything is refused.
 * - what is on its way to the archive: begun anew. Jobs that
 *   were in it are archived only if they end once more.
 * - the outbox of notifications: begun anew. Nobody is notified of the ends
 *   that were in it. A list of a job's notifications, or of users' secrets,
 *   that is of another type fails what needs it until it is gone.
 * - a user's webhook endpoints: those of another type are none, and can't be made until that is gone.
 * - counts of errors: those of a minute are begun anew by its next error,
 *   and so are the examples.
 * - what operators have set, and their actions: begun anew if it is of
 *   another type. An entry that can't be read is as if it were not there.
 * - BullMQ's own sets and lists: nothing works, and every
 *   process says so. They are not ours to repair.
 */
export function keysUnder(prefix: string) {
  const base = `${prefix}:${QUEUE_NAME}:`;
  const of = (key: QueueKey, lane?: Lane) => `${prefix}:${queueNameOf(lane, key)}:${key}`;
  return {
    /** A key of BullMQ's, of a lane or of the queue that all kinds share. */
    of,
    /** The same for several, by their names, as scripts take them. */
    allOf: <Name extends QueueKey>(names: readonly Name[], lane?: Lane) =>
      Object.fromEntries(names.map((name) => [name, of(name, lane)])) as Record<Name, string>,
    /** What the keys of a lane begin with. */
    queue: (lane?: Lane) => of('wait', lane).slice(0, -'wait'.length),
    /** The same of all queues in which jobs can be: that which all kinds share, and those of these lanes. */
    queues: (lanes: readonly string[]) => [base, ...lanes.map((lane) => `${prefix}:${QUEUE_NAME}-${lane}:`)],
    /** How many jobs of a lane were begun in the limiter's time, where the lane has a rate of its own. */
    laneLimiter: (lane: string) => `${prefix}:${QUEUE_NAME}-${lane}:limiter`,
    job: (id: string) => base + id,
    logs: (id: string) => `${base}${id}:logs`,
    lock: (id: string) => `${base}${id}:lock`,
    dedup: (id: string) => `${base}de:${id}`,

    /** A user's jobs, by when they were submitted. */
    jobsOf: (owner: string) => `${prefix}:user:${owner}`,
    /** A tenant's jobs that have not ended, as far as is known, by when they were admitted. */
    open: (tenant: TenantOrNone) => `${prefix}:open:${tenant}`,
    /** Jobs that were admitted and are not added yet, by when they were admitted. */
    coming: `${prefix}:coming`,
    /**
     * Jobs that other jobs will lead to, each with the job it comes of,
     * for as long as a place is kept for it; and `*` by the last sweep.
     */
    children: `${prefix}:children`,
    /** Tenants of a lane by the tag of their last job, and `*` by the virtual time. */
    turns: (lane?: Lane) => (lane === undefined ? `${prefix}:turns` : `${prefix}:turns:${lane}`),
    /**
     * Jobs by when they are to be cancelled; and `start` before a
     * job's id by when that is to be if the job has not begun.
     */
    deadlines: `${prefix}:deadlines`,
    /** Jobs whose worker has said that it stops, each with the lock token of its run. */
    leaving: `${prefix}:leaving`,
    /** Jobs that were cancelled and are kept, by when: BullMQ has them among the failed ones. */
    cancelled: `${prefix}:cancelled`,
    /** The tokens a tenant has used on the day of a moment in UTC. */
    spent: (tenant: TenantOrNone, now: number) => `${prefix}:spent:${dayOf(now)}:${tenant}`,
    /** What a tenant's calls have cost on such a day, in billionths of a US dollar. */
    spentUsd: (tenant: TenantOrNone, now: number) => `${prefix}:spent-usd:${dayOf(now)}:${tenant}`,
    /** What is reserved of a tenant's budgets of such a day, by job; and the sums. */
    reserved: (tenant: TenantOrNone, now: number) => `${prefix}:reserved:${dayOf(now)}:${tenant}`,
    /** A provider's circuit breaker. */
    breaker: (provider: string) => `${prefix}:breaker:${provider}`,
    /** How many of a rate a tenant has used; it ends with the window. */
    rate: (policy: string, tenant: TenantOrNone) => `${prefix}:rate:${policy}:${tenant}`,
    /** What each worker says of itself, by the worker's id; and when each was last seen. */
    workers: `${prefix}:workers`,
    workersSeen: `${prefix}:workers:seen`,
    /**
     * When each process was last seen, API or worker; what each knows; and by feature, when a
     * process was last seen that lacks it.
     */
    processes: `${prefix}:processes`,
    processesKnow: `${prefix}:processes:know`,
    processesLacked: `${prefix}:processes:lacked`,
    /** What processes write to find out whether Redis takes writes. */
    probe: `${prefix}:probe`,
    /** When a worker last could write, by Redis' clock, in ms since the epoch. */
    writes: `${prefix}:writes`,
    files: {
      /** One file of a job. */
      of: (file: string) => `${prefix}:file:${file}`,
      /** What the files of each job take, by job. */
      ledger: `${prefix}:files`,
      /** Jobs by when to look at their files again. */
      due: `${prefix}:files:due`,
      /** How much room each tenant uses, and `*` all together. */
      used: `${prefix}:files:used`,
    },
    archive: {
      /** Jobs that are not in the archive yet, by when to look at them. */
      outbox: `${prefix}:archive:outbox`,
      /** Those of them that have ended, by when they ended. */
      overdue: `${prefix}:archive:overdue`,
      /** Why the archive refused a job's row, by job. */
      parked: `${prefix}:archive:parked`,
      /** What is to be erased in the archive, by when that was asked. */
      erasures: `${prefix}:archive:erasures`,
      /** There while the archive is behind. */
      behind: `${prefix}:archive:behind`,
    },
    notifications: {
      /** Jobs whose ends are not notified of yet; these three are as in the archive. */
      outbox: `${prefix}:notify:outbox`,
      overdue: `${prefix}:notify:overdue`,
      parked: `${prefix}:notify:parked`,
      /** The notifications of a job. */
      of: (jobId: string) => `${prefix}:notify:of:${jobId}`,
      /** A user's jobs that have notifications. */
      ofUser: (owner: string) => `${prefix}:notify:user:${owner}`,
      /** There while a job's notifications were just sent again. */
      again: (jobId: string) => `${prefix}:notify:again:${jobId}`,
      /** There when a client has seen the end of a job. */
      endSeen: (jobId: string, at: number) => `${prefix}:notify:heard:${jobId}:${at}`,
      /** There for a server or a phone that is gone. */
      gone: (digest: string) => `${prefix}:notify:gone:${digest}`,
      /** How often users have changed their secrets. */
      secrets: `${prefix}:notify:secrets`,
      /** A user's webhook endpoints, by their ids. */
      endpoints: (owner: string) => `${prefix}:notify:endpoints:${owner}`,
    },
    admin: {
      /** The last actions of operators: a stream. */
      actions: `${prefix}:admin:actions`,
      /** What operators have paused, by scope: until when, since when, and why. */
      pauses: `${prefix}:admin:pauses`,
      /** What each worker holds, as it has said: scopes of pauses, and `quiet`. */
      holding: `${prefix}:admin:holding`,
      /** Workers that are to take no more jobs, by their ids. */
      quiet: `${prefix}:admin:quiet`,
      /**
       * How many errors there were in a minute since the epoch, by group, with the place of an example;
       * or what the keys of all minutes begin with.
       */
      errors: (minute: number | '' = '') => `${prefix}:admin:errors:${minute}`,
      /** The jobs that are examples of errors, by their places. */
      examples: `${prefix}:admin:examples`,
      /** What operators have set for users, by tenant. */
      users: `${prefix}:admin:users`,
      /** Bulk actions that go on, by when another process may take them over. */
      bulk: `${prefix}:admin:bulk`,
      /** One of them; and its jobs that are still to be done, as a list. */
      bulkAction: (id: string) => `${prefix}:admin:bulk:${id}`,
      bulkJobs: (id: string) => `${prefix}:admin:bulk:${id}:jobs`,
    },
    /** The newest job of a chat, by a digest of its user, kind and id. */
    chat: (digest: string) => `${prefix}:chat:${digest}`,
    /** The newest idempotency key of requests that a client may repeat by itself. */
    repeated: (digest: string) => `${prefix}:repeated:${digest}`,
    /** A value that all processes share. */
    shared: (name: string) => `${prefix}:${name}`,
  };
}

/** See {@link keysUnder}. */
export type Keys = ReturnType<typeof keysUnder>;

/** The day of a moment in ms since the epoch, in UTC. */
function dayOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}
