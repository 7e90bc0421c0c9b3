/**
 * Records that can't be read: each ends as failed, before it
 * stops what workers do for all jobs at once.
 */
import type { Job, Worker } from 'bullmq';
import { createEnd } from '../../src/jobs/end-job.ts';
import { parseJson } from '../../src/job/parse-json.ts';
import type { Store } from '../../src/store/store.ts';

/** How the log says that such a job has ended. */
export const UNREADABLE = 'job could not be read: it was ended';

/** How such a job ends. */
const REASON = 'internal_error: What is stored of this job can not be read; it was not run.';

/**
 * The longest pause between two checks that errors ask for, in
 * ms: a worker that fails in a loop must not check in a loop.
 */
const MAX_PAUSE_MS = 500;

/** How many entries of a set are checked: the next to be moved, or to be removed for their age. */
const HEAD = 1000;

type Found = [id: string, lock: string];

/** The fields that BullMQ parses when a worker takes a job up. */
const PARSED = ['data', 'opts', 'progress', 'parent'] as const;

/**
 * Checks what workers are about to take up, move or remove.
 * Resolves with the ids of the jobs that it has ended.
 */
type Check = (options: {
  /** What the lock tokens of this process begin with. */
  mine: readonly string[];
  /** Jobs that run in this process: they have been read, and are left to their run. */
  running: Pick<ReadonlySet<string>, 'has'>;
  /** Jobs that ran here and are to be found somewhere. */
  left: readonly string[];
  /** How far ahead to check delayed jobs, in ms. */
  aheadMs: number;
}) => Promise<string[]>;

/** Where to look for such jobs. */
type Screened = {
  store: Store;
  /** The lanes that there are. */
  lanes: readonly string[];
  /** How long ended jobs are kept, in s. */
  retentionS: number;
};

function createCheck({ store, lanes, retentionS }: Screened): Check {
  const screen = store.script(new URL('scripts/screen_jobs.lua', import.meta.url), {
    keys: ['jobs', 'completed', 'failed'],
    args: ['queues', 'mine', 'aheadMs', 'head'],
  });
  const end = createEnd(store, retentionS);
  const queues = store.keys.queues(lanes).join();
  const touched = { jobs: store.keys.job(''), ...store.keys.allOf(['completed', 'failed']), queues };

  const canBeRead = async (jobId: string): Promise<boolean> => {
    const texts = await store.redis.hmget(store.keys.job(jobId), ...PARSED);
    const values = texts.map((text) => (text === null || text === '' ? {} : parseJson(text)));
    return !values.includes(undefined) && values[PARSED.indexOf('opts')] !== null;
  };

  return async ({ mine, running, left, aheadMs }) => {
    const [bad, unread] = (await screen({ ...touched, mine: mine.join(), aheadMs, head: HEAD }, left)) as [Found[], Found[]];
    for (const [jobId, lock] of unread) if (!running.has(jobId) && !(await canBeRead(jobId))) bad.push([jobId, lock]);
    const ended: string[] = [];
    for (const [jobId, lock] of bad) if ((await end({ jobId, reason: REASON, unreadable: { lock } })) === 'done') ended.push(jobId);
    return ended;
  };
}

/** Ends what can't be read before the first job is taken; resolves with the ids. */
export function endUnreadable(screened: Screened): Promise<string[]> {
  return createCheck(screened)({ mine: [], running: new Set(), left: [], aheadMs: 60_000 });
}

/** What the watch is made with. */
export type UnreadableOptions = Screened & {
  /** BullMQ's workers of this process. */
  workers: readonly Worker[];
  /** Jobs that run in this process. */
  running: Pick<ReadonlySet<string>, 'has'>;
  /** How often to check while there are no errors, in ms. */
  everyMs: number;
  onEnded: (jobId: string) => void;
  onError: (error: unknown) => void;
};

/**
 * Watches for as long as the workers do: when one complains,
 * and every so often for jobs that others have left behind.
 */
export function watchUnreadable(options: UnreadableOptions): void {
  const watch = new UnreadableWatch(options);
  for (const worker of options.workers) {
    worker.on('error', () => watch.checkSoon());
    worker.on('active', ({ id }) => void watch.taken.add(id ?? ''));
    for (const end of ['completed', 'failed'] as const) worker.on(end, (job: Job | undefined) => void watch.taken.delete(job?.id ?? ''));
    worker.on('closing', () => watch.stop());
  }
}

class UnreadableWatch {
  /** Jobs that this process has taken and not ended. */
  readonly taken = new Set<string>();
  readonly #options: UnreadableOptions;
  readonly #check: Check;
  readonly #pauseMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #checking = false;
  #stopped = false;
  #asked: ReturnType<typeof setTimeout> | undefined;
  #last = -Infinity;

  constructor(options: UnreadableOptions) {
    const { everyMs } = options;
    this.#options = options;
    this.#check = createCheck(options);
    this.#pauseMs = Math.min(MAX_PAUSE_MS, everyMs / 4); // before the second stalled check, which would lose the job
    this.#timer = setInterval(() => this.checkSoon(), everyMs);
  }

  checkSoon(): void {
    if (this.#asked || this.#stopped) return;
    this.#asked = setTimeout(() => void this.#checkNow(), Math.max(this.#last + this.#pauseMs - performance.now(), 0));
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#asked);
  }

  async #checkNow(): Promise<void> {
    const { workers, store, running, everyMs, onEnded, onError } = this.#options;
    this.#asked = undefined;
    if (this.#checking) return this.checkSoon();
    if (store.redis.status !== 'ready') return;
    this.#checking = true;
    this.#last = performance.now();
    const left = [...this.taken].filter((id) => !running.has(id));
    try {
      const mine = workers.map(({ id }) => `${id}:`);
      for (const id of await this.#check({ mine, running, left, aheadMs: 2 * everyMs })) onEnded(id);
      for (const id of left) this.taken.delete(id);
    } catch (error) {
      onError(error);
    }
    this.#checking = false;
  }
}
