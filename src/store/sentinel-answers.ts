/** What sentinels say of the master, who it is by their answers, and why there is none. */
import type { HostAndPort } from './store-address.ts';

/**
 * The master, and the number of the failover (`config-epoch`) that made it
 * one. `isLeaving`: another server is about to take its place.
 */
export type Master = HostAndPort & { epoch: number; isLeaving: boolean };

/** Why a sentinel names no master. */
type Failure = 'unreachable' | 'login' | 'no-sentinel' | 'unknown-name';

/** What a sentinel said last; `none` before it has been heard of. `detail`: an error's own words. */
export type SentinelAnswer = { type: 'none' } | { type: 'master'; master: Master } | { type: 'failure'; failure: Failure; detail: string };

/** Reads replies to `SENTINEL MASTER` and `SENTINEL GET-MASTER-ADDR-BY-NAME`. */
export function readMaster(facts: unknown, address: unknown): SentinelAnswer {
  const words: unknown[] = Array.isArray(facts) ? facts : [];
  const epoch = Number(words[words.indexOf('config-epoch') + 1]);
  const isLeaving = String(words[words.indexOf('flags') + 1]).includes('failover_in_progress');
  // The address is not read out of the facts: a sentinel that leads a failover names the old
  // master there, with the new epoch, until all replicas follow the new one.
  const [host, port]: unknown[] = Array.isArray(address) ? address : [];
  if (typeof host !== 'string' || !Number.isSafeInteger(epoch) || !(Number(port) > 0))
    return { type: 'failure', failure: 'no-sentinel', detail: 'its answer names no address' };
  return { type: 'master', master: { host, port: Number(port), epoch, isLeaving } };
}

/** Words of errors, by what they tell. */
const FAILURES: readonly [words: RegExp, failure: Failure][] = [
  [/^(NOAUTH|WRONGPASS|NOPERM)|invalid password|AUTH.*without any password/i, 'login'],
  [/No such master/i, 'unknown-name'],
  [/unknown (sub)?command/i, 'no-sentinel'],
];

/** Reads what an error tells of a sentinel. */
export function readFailure(error: Error & { code?: string }): SentinelAnswer {
  const detail = error.message || (error.code ?? error.name);
  const [, failure = 'unreachable'] = FAILURES.find(([words]) => words.test(detail)) ?? [];
  return { type: 'failure', failure, detail };
}

const mastersOf = (answers: readonly SentinelAnswer[]): Master[] =>
  answers.flatMap((answer) => (answer.type === 'master' ? [answer.master] : []));

/** Whether enough have answered for the newest answer to count: most, or all that can be heard. */
export function isHeard(answers: readonly SentinelAnswer[]): boolean {
  const masters = mastersOf(answers).length;
  return masters > answers.length / 2 || (masters > 0 && answers.every(({ type }) => type !== 'none'));
}

/**
 * Who is the master. The highest epoch wins: sentinels learn of a failover one after the other, and
 * until then they name the old master. One that is known stays where only lower epochs are heard of.
 */
export function chooseMaster(answers: readonly SentinelAnswer[], known?: Master): Master | undefined {
  const masters = mastersOf(answers);
  const epoch = Math.max(...masters.map((master) => master.epoch));
  if (known && !(epoch > known.epoch)) {
    if (epoch < known.epoch || masters.length === 0) return known;
    if (masters.some((master) => isSame(master, known))) return known;
  }
  return masters.find((master) => master.epoch === epoch);
}

/**
 * Whether most sentinels name lower epochs, and none the known one:
 * they may have been set up anew, and count from 0.
 */
export function isBelow(answers: readonly SentinelAnswer[], { epoch }: Master): boolean {
  const masters = mastersOf(answers);
  return masters.length > answers.length / 2 && masters.every((master) => master.epoch < epoch);
}

/**
 * Whether a sentinel replaces this master now. What it still takes may be lost.
 * A sentinel that has promoted another server names that one, by a higher epoch.
 */
export function isLeaving(answers: readonly SentinelAnswer[], { epoch }: Master): boolean {
  return mastersOf(answers).some((master) => master.isLeaving && master.epoch <= epoch);
}

const isSame = (one: Master, other: Master): boolean => one.host === other.host && one.port === other.port && one.epoch === other.epoch;

/** Failures, those first that an operator can mend, with what to do. `name`: the master's. */
const ADVICE: readonly [Failure, (name: string, detail: string) => string][] = [
  [
    'login',
    () =>
      'The sentinels refuse the login: give their own user and password as ?sentinelUsername= and ?sentinelPassword= in REDIS_URL (what stands before the @ is for the master).',
  ],
  [
    'unknown-name',
    (name) =>
      `No sentinel knows a master called "${name}": REDIS_URL has to end in the name of their "sentinel monitor" line, as in redis+sentinel://HOST:PORT/NAME.`,
  ],
  [
    'no-sentinel',
    () =>
      'What answers at the addresses in REDIS_URL is no sentinel: give the ports of the sentinels, usually 26379; a server without sentinels is redis://HOST:PORT.',
  ],
  [
    'unreachable',
    (_, detail) => `No sentinel in REDIS_URL can be reached (${detail}): look whether they run, and whether host, port and TLS are right.`,
  ],
];

/** Why no sentinel names a master, with what to do about it. */
export type WhyNone = { failure: Failure; sentence: string };

/** Says why no sentinel names a master; undefined where one does, or may soon. */
export function whyNone(answers: readonly SentinelAnswer[], name: string): WhyNone | undefined {
  const failures = answers.flatMap((answer) => (answer.type === 'failure' ? [answer] : []));
  if (failures.length < answers.length) return undefined;
  const found = ADVICE.flatMap(([failure, say]) => {
    const first = failures.find((one) => one.failure === failure);
    return first ? [{ failure, sentence: say(name, first.detail) }] : [];
  });
  return found[0];
}
