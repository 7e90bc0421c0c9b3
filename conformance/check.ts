/** What a check is, and the three ways in which it ends: its promise is kept, it is broken, or it can't be judged here. */
import { inspect } from 'node:util';

/** One promise of the HTTP contract, and how to find out whether a deployment keeps it. */
export type Check<Context> = {
  /** A short name that stays the same: `--only` takes it, and programs read it. */
  id: string;
  /** The promise in one sentence. */
  promise: string;
  /** Resolves with what was seen, in a few words. It throws what {@link broken} and {@link notJudged} throw. */
  run(context: Context): Promise<string>;
};

/** What a broken promise is reported with. */
export type Finding = {
  expected: string;
  seen: string;
  /** What is probably wrong, and what to do about it. */
  cause?: string;
};

/** How a check ended. */
export type Verdict = { verdict: 'kept'; seen: string } | ({ verdict: 'broken' } & Finding) | { verdict: 'not judged'; reason: string };

/** A verdict on its way out of a check. */
type Thrown = Error & { verdict: Verdict };

const thrown = (verdict: Verdict): Thrown => Object.assign(new Error(verdict.verdict), { verdict });

/** Ends a check: its promise is broken. */
export function broken(finding: Finding): never {
  throw thrown({ verdict: 'broken', ...finding });
}

/** Ends a check that can't tell: nothing was seen that keeps or breaks its promise. `reason`: why, as a sentence without a full stop. */
export function notJudged(reason: string): never {
  throw thrown({ verdict: 'not judged', reason });
}

/** Ends a check as broken unless something holds. */
export function must(holds: boolean, finding: Finding): asserts holds {
  if (!holds) broken(finding);
}

/** Runs a check. It never rejects: an error that no check expects, such as a connection that was cut, breaks the promise, too. */
export async function judge<Context>({ run }: Check<Context>, context: Context): Promise<Verdict> {
  try {
    return { verdict: 'kept', seen: await run(context) };
  } catch (error) {
    if (error instanceof Error && 'verdict' in error) return (error as Thrown).verdict;
    return {
      verdict: 'broken',
      expected: 'an answer',
      seen: wordsOfError(error),
      cause:
        'the server is overloaded or restarts, or a proxy cuts connections or waits too long; try again, or give more time by --timeout',
    };
  }
}

/** An error in a few words. The reason why a connection failed is in the cause of the error that fetch throws. */
export function wordsOfError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || String('code' in cause ? cause.code : error.message);
}

/** A value on one line, cut after some 200 characters. */
export function show(value: unknown): string {
  const text = (typeof value === 'string' ? value : inspect(value, { breakLength: Infinity, depth: 4 })).replaceAll(/\s+/g, ' ').trim();
  return text.length > 200 ? `${text.slice(0, 200)}…` : text || 'nothing';
}
