/**
 * The registry of workers: each says what it can do, so that
 * the API need not guess it from its own environment.
 */
import { parseJson } from '../job/parse-json.ts';
import type { Billing } from '../job/estimate.ts';
import type { Price } from '../job/price.ts';
import type { ModelEnd } from '../job/model-end.ts';
import type { Acceptance } from '../kinds/acceptance.ts';
import type { Store } from '../store/store.ts';

/** What a worker can do for a kind. */
export type KindSupport =
  /**
   * It does it, by this provider. `answers` is the same for workers whose answers to the same
   * input may stand for each other's. `needs`: the fields that an input must have for it;
   * `missing`: the variables with which another provider would do it without them. `accepts`:
   * there if it takes only some of the inputs that the kind allows. How its provider bills,
   * is what estimates are priced by. `ends`: the announced ends of the models it asks.
   * `models`: those of which an input names one, with their prices.
   */
  | ({
      available: true;
      provider: string;
      model?: string;
      answers: string;
      needs?: readonly string[];
      missing?: readonly string[];
      accepts?: readonly Acceptance[];
      ends?: readonly ModelEnd[];
      models?: readonly { model: string; price?: Price | undefined }[];
    } & Billing)
  /** It does not: these variables are missing. */
  | { available: false; missing: readonly string[] };

/** What a worker says of itself. */
export type WorkerDescription = {
  name: string;
  version: string;
  /** How many jobs it runs at once. */
  concurrency: number;
  kinds: Record<string, KindSupport>;
  /**
   * How many jobs of each kind it runs at once. A kind that is absent it does not take, although its
   * configuration may be enough for it (`WORKER_KINDS`). A worker that says nothing takes all it can do.
   */
  lanes?: Readonly<Record<string, { concurrency: number }>> | undefined;
  /** Its limiter's rate: `max` starts in `duration` ms, over all workers. An older version says none. */
  rate?: { max: number; duration: number } | undefined;
  /** What it knows that older versions do not (process-registry.ts). */
  knows?: readonly string[];
  /** The newest version of each kind's input that it knows. A worker that says none knows the first. */
  inputVersions?: Record<string, number> | undefined;
  /** By how many ms its clock is ahead of Redis', where it is off by more than a second. */
  clockAheadMs?: number | undefined;
  /** How it was at its last heartbeat. An older version says nothing. */
  vitals?: WorkerVitals | undefined;
};

/** How a worker is at one moment. */
export type WorkerVitals = {
  /** How many jobs it runs. */
  active: number;
  /** Some of them: their ids. */
  jobs: readonly string[];
  /** For how long it has been expected to look for jobs, in ms; 0 where it runs as many as it may. */
  loopAgeMs: number;
  /** The job that it took last, and when, in ms since the epoch. */
  lastJob?: { id: string; at: number } | undefined;
  /** Whether an operator has told it to take no more jobs. */
  quiet?: boolean | undefined;
};

/** A worker that was seen lately. `live`: within its lease, so it runs now. */
export type KnownWorker = WorkerDescription & { live: boolean };

/** The same as the registry has it. `id`: of its entry. `seenMs`: how long ago it was seen, in ms. */
export type SeenWorker = KnownWorker & { id: string; seenMs: number };

/** Tells how a worker is now. */
type ReadVitals = () => WorkerVitals | undefined;

/** How long a worker counts as live after it was last seen, and how long it is remembered, in ms. */
export type RegistryTimes = { leaseMs: number; keptMs: number };

/**
 * A worker says three times within its lease that it lives. What it
 * could do is remembered for as long as a rolling deploy may take.
 */
export const REGISTRY_TIMES: RegistryTimes = { leaseMs: 15_000, keptMs: 600_000 };

/** A worker's entry in the registry, which a heartbeat renews. */
export class Registration {
  readonly #register;
  readonly #leave;
  readonly #store;
  readonly #entry;
  readonly #description;
  readonly #onError;
  readonly #times;
  readonly #vitals: ReadVitals;
  #timer: ReturnType<typeof setInterval> | undefined;
  #registered = false;

  /** `id`: another for each process. `vitals`: told with each heartbeat. */
  constructor(
    store: Store,
    id: string,
    description: WorkerDescription,
    onError: (error: unknown) => void,
    { vitals = () => undefined, ...times }: Partial<RegistryTimes> & { vitals?: ReadVitals } = {},
  ) {
    this.#register = store.script(new URL('scripts/register_worker.lua', import.meta.url), {
      keys: ['workers', 'seen'],
      args: ['id', 'description', 'keptMs'],
    });
    this.#leave = store.script(new URL('scripts/leave_worker.lua', import.meta.url), {
      keys: ['workers', 'seen'],
      args: ['id', 'leaseMs'],
    });
    this.#store = store;
    this.#entry = { workers: store.keys.workers, seen: store.keys.workersSeen, id };
    this.#description = description;
    this.#onError = onError;
    this.#times = { ...REGISTRY_TIMES, ...times };
    this.#vitals = vitals;
  }

  /** Whether the registry has taken the last heartbeat. */
  get registered(): boolean {
    return this.#registered;
  }

  /** Says now what the worker can do. The first call begins the heartbeat. */
  async register(): Promise<void> {
    this.#timer ??= setInterval(() => void this.#beat(), this.#times.leaseMs / 3);
    await this.#beat();
  }

  /** Stops the heartbeat, and says that the worker is gone. */
  async leave(): Promise<void> {
    clearInterval(this.#timer);
    this.#registered = false;
    await this.#leave({ ...this.#entry, leaseMs: this.#times.leaseMs }).catch(this.#onError);
  }

  async #beat(): Promise<void> {
    const description = JSON.stringify({ ...this.#description, clockAheadMs: this.#store.clock.aheadMs(), vitals: this.#vitals() });
    try {
      await this.#register({ ...this.#entry, description, keptMs: this.#times.keptMs });
      this.#registered = true;
    } catch (error) {
      this.#registered = false;
      this.#onError(error);
    }
  }
}

/** Makes the function that reads who is there. `maxAgeMs`: how old what it tells may be. */
export function createWorkerDirectory(store: Store, { leaseMs, keptMs } = REGISTRY_TIMES): (maxAgeMs?: number) => Promise<SeenWorker[]> {
  const read = store.script(new URL('scripts/read_workers.lua', import.meta.url), { keys: ['workers', 'seen'], args: ['keptMs'] });
  let latest: { at: number; workers: Promise<SeenWorker[]> } | undefined;

  const readNow = async (): Promise<SeenWorker[]> => {
    const entries = (await read({ workers: store.keys.workers, seen: store.keys.workersSeen, keptMs })) as [
      description: string,
      ageMs: number,
      id: string,
    ][];
    return entries.flatMap(([text, ageMs, id]) => {
      const description = parseDescription(text);
      return description ? [{ ...description, id, live: ageMs <= leaseMs, seenMs: Math.max(ageMs, 0) }] : [];
    });
  };

  return (maxAgeMs = 0) => {
    if (!latest || performance.now() - latest.at >= maxAgeMs) {
      const workers = readNow();
      latest = { at: performance.now(), workers };
      workers.catch(() => (latest = undefined));
    }
    return latest.workers;
  };
}

/** Reads an entry. One that a newer or older version wrote in another shape counts as no worker. */
function parseDescription(text: string): WorkerDescription | undefined {
  const value = parseJson(text) as Partial<WorkerDescription> | null | undefined;
  const whole = typeof value?.name === 'string' && Number.isSafeInteger(value.concurrency) && typeof value.kinds === 'object';
  return whole && value.kinds !== null ? (value as WorkerDescription) : undefined;
}

/** Whether a kind can be done, by all that is known of the workers. */
export type Availability =
  /** No worker is known: jobs are accepted, and wait. */
  | { type: 'unknown' }
  /**
   * `answers`: there if all live workers that do it give answers that may stand for each other's.
   * `accepts`: what each of the workers takes. An input can be done if one of them takes it.
   * `billings`: how each of their providers bills. `ends`: the announced ends of all their models.
   */
  | {
      type: 'available';
      provider: string;
      model?: string | undefined;
      answers?: string | undefined;
      needs?: readonly string[] | undefined;
      accepts: (readonly Acceptance[])[];
      billings: readonly Billing[];
      ends: readonly ModelEnd[];
    }
  /**
   * `lacking`: the fields of the input with which it could be
   * done; there are none where no input would do.
   */
  | { type: 'unavailable'; missing: string[]; lacking: string[] };

/** The fields that a worker needs and an input does not have. */
export function lackingIn(input: unknown, { needs = [] }: { needs?: readonly string[] | undefined }): string[] {
  const fields = (input ?? {}) as Record<string, unknown>;
  return needs.filter((field) => fields[field] === undefined);
}

/** What was found of each list of workers, by kind: the same list is asked about for a second. */
const found = new WeakMap<KnownWorker[], Map<string, Availability>>();

/**
 * Tells from the workers whether a kind can be done: those that live and take it count first, then
 * those that lived lately, then those that could. With an input: whether it can be done for that one.
 */
export function availabilityOf(kind: string, workers: KnownWorker[], input?: unknown): Availability {
  const dependsOnInput = input !== undefined && workers.some(({ kinds: { [kind]: support } }) => support?.available && support.needs);
  if (dependsOnInput) return findAvailability(kind, workers, input);
  const known = found.get(workers) ?? new Map<string, Availability>();
  found.set(workers, known);
  const availability = known.get(kind) ?? findAvailability(kind, workers);
  known.set(kind, availability);
  return availability;
}

/** Whether a worker takes jobs of a kind, if it can do them. */
export function takes({ lanes }: WorkerDescription, kind: string): boolean {
  return lanes === undefined || Object.hasOwn(lanes, kind);
}

function findAvailability(kind: string, workers: KnownWorker[], input?: unknown): Availability {
  const supports = (known: KnownWorker[]) => known.flatMap(({ kinds }) => kinds[kind] ?? []);
  const isAble = (support: KindSupport) => support.available && (input === undefined || lackingIn(input, support).length === 0);
  const able = (known: KnownWorker[]) => supports(known).flatMap((support) => (support.available && isAble(support) ? [support] : []));
  const serving = workers.filter((worker) => takes(worker, kind));
  const live = able(serving.filter((worker) => worker.live));
  const doers = [live, able(serving)].find((some) => some.length > 0) ?? able(workers); // who could, but is not for it: jobs wait
  const [first] = doers;
  if (first) {
    const answers = new Set(live.map((support) => support.answers));
    const { provider, model, needs } = first;
    const accepts = doers.map((support) => support.accepts ?? []);
    const billings = doers.flatMap(({ bills, price, models }): Billing[] => models?.map((each) => ({ ...each })) ?? [{ bills, price }]);
    // Workers of another version, or of other variables, may name the same model.
    const ends = [...new Map(doers.flatMap((support) => support.ends ?? []).map((end) => [end.model, end])).values()];
    const shared = answers.size === 1 ? first.answers : undefined;
    return { type: 'available', provider, model, needs, accepts, billings, ends, answers: shared };
  }
  if (workers.length === 0) return { type: 'unknown' };
  const missing = supports(workers).flatMap((support) => support.missing ?? []);
  const lacking = supports(workers).flatMap((support) => (support.available ? lackingIn(input, support) : []));
  return { type: 'unavailable', missing: [...new Set(missing)], lacking: [...new Set(lacking)] };
}

/** How many jobs can run at once, over all live workers; of a kind, where one is given. */
export function concurrencyOf(workers: KnownWorker[], kind?: string): number {
  return workers.reduce((sum, worker) => sum + (worker.live && worker.vitals?.quiet !== true ? slotsOf(worker, kind) : 0), 0);
}

/**
 * The least time between two starts, on average, in ms, as the live workers are set; undefined where
 * none of them says it. Each keeps to its own rate, so the one that may start most decides.
 */
export function msPerStartOf(workers: readonly KnownWorker[]): number | undefined {
  const paces = workers.flatMap(({ live, rate }) => (live && rate && rate.max > 0 ? [rate.duration / rate.max] : []));
  return paces.length === 0 ? undefined : Math.min(...paces);
}

/** A worker that says nothing of lanes runs all kinds in the same slots. */
function slotsOf({ concurrency, lanes, kinds }: WorkerDescription, kind: string | undefined): number {
  if (kind === undefined) return concurrency;
  return lanes ? (lanes[kind]?.concurrency ?? 0) : kinds[kind]?.available ? concurrency : 0;
}
