/** Every key there is in Redis: BullMQ's, as far as our scripts touch them, and our own; the prefix keeps them in one cluster slot. */
import type { Tenant } from '../job/tenant.ts';

/** The BullMQ queue that all kinds share. */
export const QUEUE_NAME = 'ai-jobs';

type QueueKey = 'wait' | 'active' | 'prioritized' | 'delayed' | 'completed' | 'failed' | 'stalled' | 'events' | 'meta' | 'marker' | 'pc';

/** The keys under a prefix, such as `{ai-jobs}`. */
export function keysUnder(prefix: string) {
  const base = `${prefix}:${QUEUE_NAME}:`;
  return {
    of: (key: QueueKey) => base + key,
    job: (id: string) => base + id,
    logs: (id: string) => `${base}${id}:logs`,
    lock: (id: string) => `${base}${id}:lock`,
    dedup: (id: string) => `${base}de:${id}`,

    /** A user's jobs, by when they were submitted. */
    jobsOf: (owner: string) => `${prefix}:user:${owner}`,
    /** A tenant's jobs that have not ended, as far as was looked, by when they were let in. */
    open: (tenant: Tenant) => `${prefix}:open:${tenant}`,
    /** Jobs that were let in and are on their way into the queue, by when. */
    coming: `${prefix}:coming`,
    /** Tenants by the tag of their last job, and `*` by the virtual time. */
    turns: `${prefix}:turns`,
    /** Jobs by when they are to be cancelled. */
    deadlines: `${prefix}:deadlines`,
    /** The tokens a tenant has used on a day in UTC. */
    spent: (tenant: Tenant, now = Date.now()) => `${prefix}:spent:${new Date(now).toISOString().slice(0, 10)}:${tenant}`,
    /** A provider's circuit breaker. */
    breaker: (provider: string) => `${prefix}:breaker:${provider}`,
    /** A rate limit's counters begin with it. */
    rate: (policy: string) => `${prefix}:rate:${policy}`,
    /** What each worker says of itself, by the worker's id; and when each was last seen. */
    workers: `${prefix}:workers`,
    workersSeen: `${prefix}:workers:seen`,
    /** What processes write to find out whether Redis takes writes. */
    probe: `${prefix}:probe`,
    /** A value that all processes share. */
    shared: (name: string) => `${prefix}:${name}`,
  };
}

/** See {@link keysUnder}. */
export type Keys = ReturnType<typeof keysUnder>;
