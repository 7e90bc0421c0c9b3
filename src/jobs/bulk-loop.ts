/**
 * The loop in which an API process does bulk actions, at their rate. What it leaves, another
 * process takes up.
 */
import { type BulkActions, type BulkJob, type BulkKind, LEASE_MS } from './bulk-actions.ts';

/**
 * Does an action to one job. `bulk`: the action's id. Resolves with whether that changed the
 * job.
 */
export type BulkStep = (job: BulkJob, bulk: string) => Promise<boolean>;

/** What the loop is made with. `steps`: what each action does. */
export type BulkLoopOptions = {
  actions: Pick<BulkActions, 'claim' | 'next' | 'advance' | 'read'>;
  steps: Readonly<Record<BulkKind, BulkStep>>;
  onError: (error: unknown) => void;
};

/** How often to look for an action that nobody is at, in ms. One that is started here is begun at once. */
const LOOK_MS = 10_000;

/** How many jobs are done at once at most: all of them must be over long before the claim is. */
const AT_ONCE = 20;

/** See above. */
export class BulkLoop {
  readonly #options: BulkLoopOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #isWorking = false;
  #closed = false;

  constructor(options: BulkLoopOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  /** Looks now: an action was started. */
  look(): void {
    if (this.#isWorking || this.#closed) return;
    this.#isWorking = true;
    void this.#work()
      .catch(this.#options.onError)
      .finally(() => (this.#isWorking = false));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #work(): Promise<void> {
    for (let claimed = await this.#options.actions.claim(); claimed && !this.#closed; claimed = await this.#options.actions.claim()) {
      await this.#carryOn(claimed.id, claimed.claim);
    }
  }

  async #carryOn(id: string, claimed: string): Promise<void> {
    const { actions, steps } = this.#options;
    const action = await actions.read(id);
    const rate = Math.max(action?.rate ?? 1, 1);
    const atOnce = Math.min(Math.ceil(rate / 2), AT_ONCE);
    for (let claim = claimed; claim !== '' && !this.#closed;) {
      const begunAt = performance.now();
      const found = await actions.next(id, atOnce + 1);
      const jobs = found.slice(0, atOnce);
      const step = steps[action?.what ?? 'cancel'];
      const changed = await Promise.all(jobs.map((job) => step(job, id)));
      const did = action?.what === 'retry' ? 0 : changed.filter(Boolean).length;
      claim = await actions.advance(id, claim, { count: jobs.length, did, ends: found.length <= atOnce });
      const restMs = (1000 * jobs.length) / rate - (performance.now() - begunAt);
      if (claim !== '' && restMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(restMs, LEASE_MS / 2)));
    }
  }
}
