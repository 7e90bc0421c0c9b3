/**
 * How many jobs have failed, were retried or put off in the last minutes, and why. Each process
 * counts for itself and hands the sums on once a second at most, so that no job costs a command more.
 */
import { parseJson } from '../job/parse-json.ts';
import { isProblemCode, type ProblemCode } from '../job/problem.ts';
import type { Author } from '../job/snapshot.ts';
import type { Script } from '../store/script.ts';
import type { Store } from '../store/store.ts';

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
  /** The id of a job that had this error: the last that was noted. */
  example: string;
};

/** How long errors are kept, in minutes, beside the minute that runs. */
const HOUR = 60;
const FIVE = 5;

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
  readonly #write: Script<'errors', 'maxGroups' | 'keptMs'>;
  readonly #read: Script<'errors', 'minutes'>;
  #counted = new Map<string, Counted>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `onError`: sums could not be handed on; they are with the next ones. */
  constructor(store: Store, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
    this.#write = store.script(new URL('scripts/note_errors.lua', import.meta.url), { keys: ['errors'], args: ['maxGroups', 'keptMs'] });
    this.#read = store.script(new URL('scripts/read_errors.lua', import.meta.url), { keys: ['errors'], args: ['minutes'] });
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
    const { errors } = this.#store.keys.admin;
    const minutes = (await this.#store.orUnavailable(() => this.#read({ errors: errors(), minutes: HOUR }))) as string[][];
    const groups = new Map<string, ErrorGroup>();
    for (const [ago, fields] of minutes.entries()) addMinute(groups, fields, ago <= FIVE);
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
    const groups = [...counted].flatMap(([group, { rest, count, example }]) => [group, rest, count, example]);
    const shared = { errors: this.#store.keys.admin.errors(), maxGroups: MAX_GROUPS, keptMs: (HOUR + 2) * 60_000 };
    try {
      await this.#write(shared, groups);
    } catch (error) {
      for (const [group, sums] of counted) this.#count(group, sums);
      this.#timer ??= setTimeout(() => void this.#handOn(), NOTE_MS);
      this.#onError(error);
    }
  }

  #count(group: string, { rest, count, example }: Counted): void {
    const before = this.#counted.get(group);
    this.#counted.set(group, { rest, count: count + (before?.count ?? 0), example: before?.example ?? example });
  }
}

/** Adds a minute's counts to their groups. `isRecent`: it is of the last five minutes. */
function addMinute(groups: Map<string, ErrorGroup>, fields: readonly string[], isRecent: boolean): void {
  const read = new Map<string, string>();
  for (let n = 0; n < fields.length; n += 2) read.set(fields[n] ?? '', fields[n + 1] ?? '');
  for (const [name, text] of read) {
    if (!name.startsWith('n')) continue;
    const parts = parseJson(name.slice(1));
    const count = Number(text);
    if (!Array.isArray(parts) || !Number.isSafeInteger(count)) continue; // others can write to Redis, too
    const [outcome, code, kind, provider, model] = parts.map((part) => (typeof part === 'string' && part !== '' ? part : undefined));
    if (code === undefined || !isProblemCode(code) || !isOutcome(outcome)) continue;
    const key = JSON.stringify([code, kind, provider, model]);
    const group = groups.get(key) ?? {
      code,
      kind,
      provider,
      model,
      minutes5: NONE,
      hour1: NONE,
      example: read.get(`e${name.slice(1)}`) ?? '',
    };
    groups.set(key, {
      ...group,
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
