/** Adds jobs that were admitted before: those with files, once they are stored, and children. */
import type { DefaultJobOptions } from 'bullmq';
import type { Payload } from '../job/record.ts';
import type { Lane } from '../store/keys.ts';
import type { Store } from '../store/store.ts';

/** A job that has a place. */
export type AdmittedJob = {
  id: string;
  kind: string;
  payload: Payload;
  /** Where it is to wait, its priority there, and when it was admitted, in ms since the epoch. */
  lane: Lane;
  priority: number;
  at: number;
  /** Its deduplication key, and how long that is kept, in ms. */
  key?: string | undefined;
  keyMs?: number | undefined;
  /** The job that it is the child of. */
  parent?: string | undefined;
};

/**
 * Adds a job. Resolves with the id of the job that there is then: that of another one which has the
 * key by now; undefined where there is none, because the parent was erased.
 */
export type AddAdmitted = (job: AdmittedJob) => Promise<string | undefined>;

/** Makes the function that adds jobs. `options`: BullMQ's, for each of them. */
export function createAddAdmitted(store: Store, options: DefaultJobOptions): AddAdmitted {
  const script = store.script(new URL('scripts/add_admitted.lua', import.meta.url), {
    keys: ['jobs', 'coming', 'events', 'meta', 'counter', 'dedupPrefix'],
    args: ['id', 'name', 'data', 'lane', 'priority', 'at', 'key', 'keyMs', 'parent', 'options'],
  });
  const { keys } = store;
  const shared = {
    jobs: keys.job(''),
    coming: keys.coming,
    ...keys.allOf(['events', 'meta']),
    counter: keys.of('id'),
    dedupPrefix: keys.dedup(''),
    options: JSON.stringify(options).slice(0, -1),
  };
  return async ({ id, kind, payload, lane = '', priority, at, key = '', keyMs = 0, parent = '' }) => {
    const job = { id, name: kind, data: JSON.stringify(payload), lane, priority, at, key, keyMs, parent };
    return String(await script({ ...shared, ...job })) || undefined;
  };
}
