/** Listing: a bounded part of an index of jobs, read in batches; of each job only what a list shows. */
import type { JobStatus, Snapshot } from '../job/snapshot.ts';
import { tenantOf } from '../job/tenant.ts';
import { parseJson } from '../job/parse-json.ts';
import { type ReadFields, SHOWN, toSnapshot } from './to-snapshot.ts';
import type { Store } from '../store/store.ts';

/** A place in an index: an entry's score, as Redis prints it, and its job. */
export type IndexPlace = { score: string; id: string };

/** Which jobs are wanted; what is left out may be anything. */
export type JobFilter = {
  status?: JobStatus | 'unfinished' | undefined;
  kind?: string | undefined;
  /** The code that it failed with. */
  code?: string | undefined;
  owner?: string | undefined;
  /** Who gave its answer, or by whom it has failed. */
  provider?: string | undefined;
  /** Where an unfinished one is. */
  place?: 'waiting' | 'delayed' | 'active' | undefined;
  /**
   * From when on, and until when, in ms since the epoch: ended jobs
   * count by their end, others by their submission.
   */
  since?: number | undefined;
  before?: number | undefined;
};

/** Which part of an index. */
export type JobRange = {
  /** How many jobs at most. */
  limit: number;
  /** Only those after this place, which an earlier page ended at. */
  after?: IndexPlace | undefined;
  filter?: JobFilter | undefined;
  /** Aborts when nobody waits for the answer any more. */
  signal?: AbortSignal | undefined;
};

/**
 * A page of jobs, without results, and where to go on if there may be more.
 * A page can be shorter than its limit, and even empty, and still have a
 * `next`: that many entries were looked at and few of them were wanted.
 */
export type JobPage = { jobs: Snapshot[]; next?: IndexPlace | undefined };

/** An index that can be listed. */
export type JobIndex = {
  key: string;
  order: 'newest' | 'oldest';
  /** Whose jobs these are, where they are one user's; else each job's owner is read. */
  owner?: string;
  /**
   * What is taken out on the way: of an index of ours entries
   * that lead nowhere, of open jobs also those that have ended.
   */
  prune?: 'gone' | 'ended';
  /** Whether its scores are the moments that `since` and `before` are about. */
  scored?: boolean;
  /** What is looked at instead of an index, in this order: so many ids as one script looks at. */
  given?: readonly string[];
};

/** How many entries one request looks at, at most; one whose record need not be read costs little. */
export const MAX_ENTRIES = 500;

/** How many records one request reads beside those that it shows, at most. */
const MAX_IN_VAIN = 100;

/** How many entries one script looks at: Redis serves others in between. */
export const LIST_BATCH = 100;

/**
 * An entry this old, in ms, without a record is a job that has
 * gone; a younger one may be about to come.
 */
const SETTLED_MS = 60_000;

type Row = [
  id: string,
  score: string,
  state: string,
  at: string,
  position: number,
  cancelAt: string,
  attempts: string,
  owner: string,
  fields: (string | null)[],
];
type Reply = [examined: number, done: 0 | 1, score: string, id: string, rows: Row[], read: number];

/** Later than any job. */
const NEVER = 1e18;

/** Lists a part of an index. */
export type ListJobs = (index: JobIndex, range: JobRange) => Promise<JobPage>;

/** Makes the function that lists. `retentionS`: how long ended jobs are kept, in s. */
export function createList(store: Store, retentionS: number): ListJobs {
  const script = store.script(new URL('scripts/list_jobs.lua', import.meta.url), {
    keys: ['index', 'deadlines', 'coming', 'children', 'completed', 'failed', 'jobs'],
    args: [
      'order',
      'prune',
      'score',
      'id',
      'batch',
      'limit',
      'reads',
      'settledMs',
      'status',
      'kind',
      'code',
      'owner',
      'ownerKnown',
      'provider',
      'place',
      'since',
      'before',
      'scored',
      'given',
    ],
  });
  const shared = {
    deadlines: store.keys.deadlines,
    coming: store.keys.coming,
    children: store.keys.children,
    ...store.keys.allOf(['completed', 'failed']),
    jobs: store.keys.job(''),
  };

  return async ({ key, order, owner, prune = '', scored = false, given = [] }, { limit, after, filter = {}, signal }) => {
    const { status = '', kind = '', code = '', provider = '', place: at = '', since = 0, before = NEVER } = filter;
    const wanted = { status, kind, code, provider, place: at, owner: filter.owner === undefined ? '' : JSON.stringify(filter.owner) };
    const times = { since, before, scored: scored ? 1 : 0 };
    const unchanged = {
      ...shared,
      index: key,
      order,
      prune,
      ...wanted,
      ...times,
      given: given.join(),
      ownerKnown: owner === undefined ? 0 : 1,
    };
    const isFiltered = Object.values(wanted).some((one) => one !== '') || since > 0 || before < NEVER;
    const found: { job: Snapshot; place: IndexPlace }[] = [];
    let place = after;
    let reads = limit + 1 + MAX_IN_VAIN;
    for (let examined = 0, done = false; !done && examined < MAX_ENTRIES && reads > 0 && !signal?.aborted;) {
      const ask = () =>
        script(
          {
            ...unchanged,
            score: place?.score ?? '',
            id: place?.id ?? '',
            batch: Math.min(isFiltered ? LIST_BATCH : limit + 1 - found.length, LIST_BATCH, MAX_ENTRIES - examined),
            limit: limit + 1 - found.length, // one more tells whether there is more
            reads,
            settledMs: SETTLED_MS,
          },
          SHOWN,
        );
      const [count, over, score, id, rows, read] = (await (prune === '' ? ask() : store.mending(key, 'zset', ask))) as Reply;
      found.push(...rows.map((row) => ({ job: toListed(row, owner, retentionS), place: { id: row[0], score: row[1] } })));
      if (found.length > limit) return { jobs: found.slice(0, limit).map(({ job }) => job), next: found[limit - 1]?.place };
      examined += count;
      reads -= read;
      done = over === 1;
      place = done || id === '' ? undefined : { score, id };
    }
    return { jobs: found.map(({ job }) => job), next: place };
  };
}

function toListed(
  [id, , state, at, position, cancelAt, attempts, ownerText, values]: Row,
  known: string | undefined,
  retentionS: number,
): Snapshot {
  const read = Object.fromEntries(SHOWN.map((name, index) => [name, values[index] ?? null])) as unknown as ReadFields;
  const owner = known ?? (ownerText === '' ? undefined : (parseJson(ownerText) as string | undefined));
  const snapshot = toSnapshot(
    id,
    { state, at, position, cancelAt },
    0,
    { ...read, attempts: attempts === '' ? undefined : attempts },
    retentionS,
  );
  return { ...snapshot, owner, tenant: tenantOf(owner, undefined) };
}
