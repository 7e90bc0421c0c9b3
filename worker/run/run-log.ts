/**
 * What the log tells of a run: that it begins, each call of a vendor, and how it ends. No line has
 * anything that a user or a model wrote.
 */
import type { Logger } from 'pino';
import type { Author, Usage } from '../../src/job/snapshot.ts';
import type { CapabilityName } from '../../src/kinds/kind.ts';
import type { EndedCall } from '../capabilities.ts';

/** Whose run it is: the job, the request and the trace that it came with, the attempt's number. */
export type RunIdentity = { jobId: string; requestId: string; traceId?: string | undefined; kind: string; attempt: number };

/** Writes the lines of one run. Times are in ms. */
export class RunLog {
  /** For other lines about the run: they have the ids, too. */
  readonly lines: Logger;
  readonly #begun = performance.now();
  #author: Author | undefined;
  #usage: Usage | undefined;
  #waitMs: number | undefined;

  /** `author`: who is to do the work here, as far as that is known. */
  constructor(log: Logger, identity: RunIdentity, author: Author | undefined) {
    this.lines = log.child(identity);
    this.#author = author;
  }

  /** Whom the run has asked last, or is to ask. */
  get author(): Author | undefined {
    return this.#author;
  }

  /** The run begins. `waitMs`: since the job could begin; undefined where nobody has noted that. */
  started(waitMs: number | undefined): void {
    this.#waitMs = waitMs;
    this.lines.info({ ...this.#author, waitMs }, 'job started');
  }

  /** A call of a vendor is over. What it has used is not asked for while such lines are off. */
  called(capability: CapabilityName, { author, ms, firstMs, code, used }: EndedCall): void {
    this.#author = author;
    if (!this.lines.isLevelEnabled('debug')) return;
    const times = { ms: Math.round(ms), firstMs: firstMs === undefined ? undefined : Math.round(firstMs) };
    this.lines.debug({ capability, ...author, ...times, ...used?.(), code }, 'vendor called');
  }

  /** What a call has used is known. */
  used(author: Author, usage: Usage): void {
    this.#author = author;
    this.#usage = this.#usage ? sumOf(this.#usage, usage) : usage;
  }

  /** The job has completed with this run. */
  done(ms: number): void {
    this.lines.info({ ...this.#facts(), ms }, 'job done');
  }

  /** The run has ended with an error, and this is what it means. */
  ended(level: 'info' | 'warn', error: unknown, message: string): void {
    const ms = Math.round(performance.now() - this.#begun);
    this.lines[level]({ ...this.#facts(), ms, ...(level === 'warn' && { err: error }) }, message);
  }

  /** Who did the work, how long the job had waited, and what the run has used. */
  #facts(): object {
    return { ...this.#author, waitMs: this.#waitMs, ...this.#usage };
  }
}

/** Both together. The cost is known only where that of both is. */
function sumOf(one: Usage, other: Usage): Usage {
  const units = ['inputTokens', 'outputTokens', 'characters', 'seconds', 'images', 'dropped'] as const;
  const sums = units.flatMap((unit) => {
    const [a, b] = [one[unit], other[unit]];
    return a === undefined && b === undefined ? [] : [[unit, (a ?? 0) + (b ?? 0)]];
  });
  const isPriced = one.costUsd !== undefined && other.costUsd !== undefined;
  return {
    ...(Object.fromEntries(sums) as Usage),
    ...(isPriced && { costUsd: (one.costUsd ?? 0) + (other.costUsd ?? 0) }),
    ...((one.estimated || other.estimated) && { estimated: true }),
  };
}
