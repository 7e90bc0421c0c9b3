/**
 * An outbox: jobs whose ends are to be handed on. Admission
 * puts each in, so that no end is missed, whoever causes it.
 */
import { OUTBOX_LOOK_MS } from '../jobs/admission.ts';
import { atMost, Pauses } from '../store/pauses.ts';
import type { Store } from '../store/store.ts';

/** A job that has ended and is this process's to hand on. `finishedOn`: when, as its record has it. */
export type Claim = { id: string; finishedOn: string };

/**
 * What has become of a claim: it is handed on, is to be tried again in so many ms, or was
 * refused for good with a code. `unavailable`: who takes the ends is out of reach, by this code.
 */
export type Settlement = Claim & {
  how: { type: 'done' } | { type: 'later'; ms: number; unavailable?: string | undefined } | { type: 'parked'; code: string };
};

/** Jobs whose ends are to be handed on. */
export type Outbox = {
  /**
   * Claims those of these jobs that have ended; without ids, of
   * all that are due. `more`: whether others may be due, too.
   */
  claim(ids?: readonly string[]): Promise<{ claims: Claim[]; more: boolean }>;
  settle(settlements: readonly Settlement[]): Promise<void>;
};

/**
 * Where an outbox is kept. `outbox`: its jobs, by when to look at them. `overdue`: those of them that
 * have ended, by when they ended. `parked`: why some were refused for good, by job.
 */
export type OutboxKeys = { outbox: string; overdue: string; parked: string };

/** How many jobs are claimed at once. */
export const BATCH = 50;

/**
 * How long a claim holds, in ms. It is the time that passes at most
 * until the work of a process that was killed is taken up by another.
 */
const LEASE_MS = 6000;

/** How much longer than its jobs a list of refused ones is kept, in ms. */
const KEPT_LONGER_MS = 7 * 24 * 3600 * 1000;

/** What an outbox does beside. */
export type OutboxOptions = {
  /** How long ended jobs are kept in Redis, in s. */
  retentionS: number;
  /** Whether a cancelled job is handed on again if a call of it is billed after its end. */
  lateBills?: boolean;
};

/** Makes it over a connection. */
export function createOutbox(
  store: Store,
  { outbox, overdue, parked }: OutboxKeys,
  { retentionS, lateBills = false }: OutboxOptions,
): Outbox {
  const claimEnds = store.script(new URL('scripts/claim_ends.lua', import.meta.url), {
    keys: ['outbox', 'overdue', 'coming', 'completed', 'failed', 'jobs'],
    args: ['batch', 'lookMs', 'leaseMs', 'marks'],
  });
  const settleEnds = store.script(new URL('scripts/settle_ends.lua', import.meta.url), {
    keys: ['outbox', 'overdue', 'parked', 'jobs'],
    args: ['keptMs', 'marks'],
  });
  const jobs = store.keys.job('');
  const marks = lateBills ? 1 : 0;
  const touched = { outbox, overdue, coming: store.keys.coming, ...store.keys.allOf(['completed', 'failed']), jobs };

  return {
    async claim(ids = []) {
      const times = { batch: BATCH, lookMs: OUTBOX_LOOK_MS, leaseMs: LEASE_MS, marks };
      const [examined, ...ended] = (await claimEnds({ ...touched, ...times }, ids)) as [number, ...string[]];
      const claims = ended.flatMap((id, n) => (n % 2 === 0 ? [{ id, finishedOn: ended[n + 1] ?? '' }] : []));
      return { claims, more: ids.length === 0 && examined === BATCH };
    },
    async settle(settlements) {
      const rest = settlements.flatMap(({ id, finishedOn, how }) => [id, finishedOn, inWords(how, store.clock.now())]);
      const keptMs = retentionS * 1000 + KEPT_LONGER_MS;
      if (rest.length > 0) await settleEnds({ outbox, overdue, parked, jobs, keptMs, marks }, rest);
    },
  };
}

function inWords(how: Settlement['how'], now: number): string {
  switch (how.type) {
    case 'done':
      return 'done';
    case 'later':
      return String(Math.ceil(how.ms));
    case 'parked':
      return JSON.stringify({ code: how.code, at: new Date(now).toISOString() });
  }
}

/** How often to look when nothing was signalled, in ms. */
const IDLE_MS = 1000;

/** The longest pause after a failure, in ms. The first ones are shorter. */
const MAX_PAUSE_MS = 2000;

/**
 * How many ends that were signalled are remembered. Others are
 * found when their time to be looked at comes.
 */
const MAX_SIGNALLED = 1000;

/** How long closing waits for what is being handed on, in ms. */
export const CLOSE_MS = 2000;

/** A loop that runs from when it is made until it is closed. */
export class OutboxLoop {
  readonly #outbox;
  readonly #deliver;
  readonly #onError;
  readonly #signalled = new Set<string>();
  readonly #pauses = new Pauses();
  readonly #running;
  #stopped = false;
  #isIdle = false;
  #failures = 0;

  /**
   * `deliver`: hands on claims, and settles them; it rejects where that
   * can't be done now. `onError`: something failed that is tried again.
   */
  constructor(outbox: Pick<Outbox, 'claim'>, deliver: (claims: readonly Claim[]) => Promise<void>, onError: (error: unknown) => void) {
    this.#outbox = outbox;
    this.#deliver = deliver;
    this.#onError = onError;
    this.#running = this.#run();
  }

  /** A job has ended: it is handed on now, and not only when its time to be looked at comes. */
  ended(jobId: string): void {
    if (this.#signalled.size < MAX_SIGNALLED) this.#signalled.add(jobId);
    if (this.#isIdle) this.#pauses.wake(); // a pause after a failure is not cut short
  }

  async close(): Promise<void> {
    this.#stopped = true;
    this.#pauses.wake();
    await atMost(CLOSE_MS, this.#running); // others take up what is left
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      try {
        this.#isIdle = !(await this.#round());
        this.#failures = 0;
        if (this.#isIdle && !this.#stopped) await this.#pauses.pause(IDLE_MS);
        this.#isIdle = false;
      } catch (error) {
        this.#onError(error);
        this.#failures++;
        if (!this.#stopped) await this.#pauses.pause(Math.random() * Math.min(250 * 2 ** this.#failures, MAX_PAUSE_MS));
      }
    }
  }

  /** One round over what was signalled and what is due. Resolves with whether there may be more. */
  async #round(): Promise<boolean> {
    const ids = [...this.#signalled].slice(0, BATCH);
    for (const id of ids) this.#signalled.delete(id);
    const named = ids.length === 0 ? [] : (await this.#outbox.claim(ids)).claims;
    const { claims, more } = await this.#outbox.claim();
    await this.#deliver([...named, ...claims]);
    return more || this.#signalled.size > 0;
  }
}
