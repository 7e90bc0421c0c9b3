/** How the outcome is told: lines for people, one JSON document for programs. */
import type { Verdict } from './check.ts';

/** A check with how it ended. */
export type Outcome = { id: string; promise: string } & Verdict;

/** What an outcome looks like for people: one line, and for a broken promise what to do about it. */
export function toLine(outcome: Outcome): string {
  const head = `${outcome.id}: ${outcome.promise}`;
  switch (outcome.verdict) {
    case 'kept':
      return `✓ ${head} (${outcome.seen})`;
    case 'not judged':
      return `? ${head}\n    not judged  ${outcome.reason}`;
    case 'broken': {
      const cause = outcome.cause === undefined ? '' : `\n    likely cause  ${outcome.cause}`;
      return `✗ ${head}\n    expected  ${outcome.expected}\n    seen  ${outcome.seen}${cause}`;
    }
    default:
      return outcome satisfies never;
  }
}

/** The last line for people. */
export function toSummary(outcomes: readonly Outcome[]): string {
  const { kept, broken, notJudged } = count(outcomes);
  return `${kept} kept, ${broken} broken, ${notJudged} not judged`;
}

/** All as one JSON document. */
export function toJson(url: string, outcomes: readonly Outcome[]): string {
  return JSON.stringify({ url, ...count(outcomes), promises: outcomes }, undefined, 2);
}

function count(outcomes: readonly Outcome[]): { kept: number; broken: number; notJudged: number } {
  const of = (wanted: Verdict['verdict']) => outcomes.filter(({ verdict }) => verdict === wanted).length;
  return { kept: of('kept'), broken: of('broken'), notJudged: of('not judged') };
}
