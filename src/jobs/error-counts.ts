/**
 * How many jobs have failed, were retried or put off in the last minutes, and why. Each process
 * counts for itself and hands the sums on once a second at most, so that no job costs a command more.
 */
import { parseJson } from '../job/parse-json.ts';
import { isProblemCode, type ProblemCode } from '../job/problem.ts';
import type { Author } from '../job/snapshot.ts';
import type { BatchScript } from '../store/script.ts';
import type { Store } from '../store/store.ts';
import { ifWrongType } from '../store/store-trouble.ts';

const OUTCOMES = ['failed', 'retried', 'putOff'] as const;

/**
 * What an error has meant for its job: it has failed for good, or runs again at the cost of an attempt
 * or at none.
 */
export type ErrorOutcome = (typeof OUTCOMES)[number];

/** An error of a job. `author`: whom the run has asked, where that is known. */
export type JobError = { jobId: string; kind: string; code: ProblemCode; outcome: ErrorOutcome; author?: Author | undefined };

/** How many errors had which outcome. */
export type ErrorSums = Readonly<Record<ErrorOutcome, number>>;

/** Errors that are alike. `kind` is absent where there were too many groups to tell. */
export type ErrorGroup = {
  code: ProblemCode;
  kind?: string | undefined;
  provider?: string | undefined;
  model?: string | undefined;
  /** In the last five minutes and in the last hour, each with the minute that runs. */
  minutes5: ErrorSums;
  hour1: ErrorSums;
  /** The id of a job that had this error; absent where those that are known are erased. */
  example?: string | undefined;
};

/** How long errors are kept, in minutes, beside the minute that runs. */
const HOUR = 60;
const FIVE = 5;

/** How long a minute and its examples are in Redis, in ms. */
const KEPT_MS = (HOUR + 2) * 60_000;

/** How many groups a minute takes, and how many are counted in a process between two notes. */
const MAX_GROUPS = 200;

/** How soon an error is noted, in ms: those that come meanwhile are noted along. */
const NOTE_MS = 1000;

const NONE: ErrorSums = { failed: 0, retried: 0, putOff: 0 };

type Counted = { rest: string; count: number; example: string };

/** Counts errors in this process, and tells those of all processes. */
export class ErrorCounts {
  readonly #store: Store;
  readonly #onError: (error: unknown) => void;
  readonly #write: BatchScript<'errors' | 'examples', 'maxGroups' | 'keptMs', 'job', 'group' | 'groupRest' | 'count' | 'example'>;
  #counted = new Map<string, Counted>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onError`: sums could not be handed on; they are with the next ones. */
  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
    this.#write = store.batchScript(new URL('scripts/note_errors.lua', import.meta.url), {
      keys: ['errors', 'examples'],
      args: ['maxGroups', 'keptMs'],
      eachKeys: ['job'],
      eachArgs: ['group', 'groupRest', 'count', 'example'],
    });
  }

  /** Counts an error. It is told of within a second or so. */
  note({ jobId, kind, code, outcome, author }: JobError): void {
    const rest = JSON.stringify([outcome, code]);
    const group = JSON.stringify([outcome, code, kind, author?.provider ?? '', author?.model ?? '']);
    this.#count(this.#counted.has(group) || this.#counted.size < MAX_GROUPS ? group : rest, { rest, count: 1, example: jobId });
    this.#timer ??= setTimeout(() => void this.#handOn(), NOTE_MS);
  }

  /** The errors of all processes: what has failed most in the last five minutes first. */
  async read(): Promise<ErrorGroup[]> {
    const [examples, minutes] = await this.#store.orUnavailable(() => Promise.all([this.#examples(), this.#minutes()]));
    const groups = new Map<string, ErrorGroup>();
    for (const [ago, fields] of minutes.entries()) addMinute(groups, new Map(Object.entries(fields)), examples, ago <= FIVE);
    const weight = ({ minutes5, hour1 }: ErrorGroup) => [minutes5.failed, sumOf(minutes5), hour1.failed, sumOf(hour1)];
    return [...groups.values()].toSorted((one, other) => compare(weight(other), weight(one)));
  }

  /** Hands on what is counted. */
  async close(): Promise<void> {
    await this.#handOn();
    clearTimeout(this.#timer);
  }

  async #handOn(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counted = this.#counted;
    if (counted.size === 0) return;
    this.#counted = new Map();
    const { keys } = this.#store;
    const shared = { errors: keys.admin.errors(this.#minute()), examples: keys.admin.examples, maxGroups: MAX_GROUPS, keptMs: KEPT_MS };
    const groups = [...counted].map(([group, { rest, count, example }]) => ({
      job: keys.job(example),
      group,
      groupRest: rest,
      count,
      example,
    }));
    try {
      await this.#write(shared, groups);
    } catch (error) {
      for (const [group, sums] of counted) this.#count(group, sums);
      this.#timer ??= setTimeout(() => void this.#handOn(), NOTE_MS);
      this.#onError(error);
    }
  }

  /** The minute that runs, since the epoch. */
  #minute(): number {
    return Math.floor(this.#store.clock.now() / 60_000);
  }

  /** What each minute of the last hour holds, the newest first. */
  #minutes(): Promise<Record<string, string>[]> {
    const { redis, keys } = this.#store;
    const [now, nothing] = [this.#minute(), {} as Record<string, string>];
    return Promise.all(
      Array.from({ length: HOUR + 1 }, (_, ago) => redis.hgetall(keys.admin.errors(now - ago)).catch(ifWrongType(nothing))),
    );
  }

  /** The jobs that are examples, by their places. */
  async #examples(): Promise<Map<string, string>> {
    const { redis, keys } = this.#store;
    const found = await redis.zrange(keys.admin.examples, '0', '-1', 'WITHSCORES').catch(ifWrongType<string[]>([]));
    const jobs = new Map<string, string>();
    for (let n = 0; n < found.length; n += 2) jobs.set(found[n + 1] ?? '', found[n] ?? '');
    return jobs;
  }

  #count(group: string, { rest, count, example }: Counted): void {
    const before = this.#counted.get(group);
    this.#counted.set(group, { rest, count: count + (before?.count ?? 0), example: before?.example ?? example });
  }
}

/** Jobs by what a group holds of its example. */
type Examples = ReadonlyMap<string, string>;

/** Adds a minute's counts to their groups. `isRecent`: it is of the last five minutes. */
function addMinute(groups: Map<string, ErrorGroup>, read: ReadonlyMap<string, string>, examples: Examples, isRecent: boolean): void {
  for (const [name, text] of read) {
    if (!name.startsWith('n')) continue;
    const parts = parseJson(name.slice(1));
    const count = Number(text);
    if (!Array.isArray(parts) || !Number.isSafeInteger(count)) continue; // others can write to Redis, too
    const [outcome, code, kind, provider, model] = parts.map((part) => (typeof part === 'string' && part !== '' ? part : undefined));
    if (code === undefined || !isProblemCode(code) || !isOutcome(outcome)) continue;
    const key = JSON.stringify([code, kind, provider, model]);
    const group = groups.get(key) ?? { code, kind, provider, model, minutes5: NONE, hour1: NONE };
    groups.set(key, {
      ...group,
      example: group.example ?? examples.get(read.get(`e${name.slice(1)}`) ?? ''),
      hour1: plus(group.hour1, outcome, count),
      minutes5: isRecent ? plus(group.minutes5, outcome, count) : group.minutes5,
    });
  }
}

function isOutcome(text: string | undefined): text is ErrorOutcome {
  return OUTCOMES.some((outcome) => outcome === text);
}

function plus(sums: ErrorSums, outcome: ErrorOutcome, count: number): ErrorSums {
  return { ...sums, [outcome]: sums[outcome] + count };
}

function sumOf({ failed, retried, putOff }: ErrorSums): number {
  return failed + retried + putOff;
}

/** Compares lists of numbers, the first that differ deciding. */
function compare(one: readonly number[], other: readonly number[]): number {
  for (const [n, value] of one.entries()) if (value !== other[n]) return value - (other[n] ?? 0);
  return 0;
}
