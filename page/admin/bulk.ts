/** Many jobs at once: counted and priced first, asked once, then followed. */
import { costOf } from '../figures.ts';
import { drawField } from '../fields.ts';
import type { BulkKind, BulkRun } from './answers.ts';
import type { Desk } from './desk.ts';
import { reasonField, valuesOf } from './question.ts';
import { countIn } from './words.ts';

/** What is said of each. */
export const BULK_WORDS: Readonly<Record<BulkKind, { verb: string; about: string }>> = {
  retry: { verb: 'Retry', about: 'What they have finished is kept, and is not bought again.' },
  cancel: { verb: 'Cancel', about: 'What they have finished is kept. What they have used stays on the bill.' },
  purge: { verb: 'Erase', about: 'With everything of them, for good. Those that run are cancelled first.' },
};

/** Counts and prices the jobs of a filter, and asks. Rejects where the server refuses to count. */
export async function askForMany(desk: Desk, what: BulkKind, filter: Readonly<Record<string, string>>): Promise<void> {
  const path = `/admin/jobs/${what}`;
  const run = await desk.ask<BulkRun>(path, { method: 'POST', body: { dryRun: true, ...filter } });
  const { verb, about } = BULK_WORDS[what];
  if (run.count === 0) return desk.say(`There is no job to ${verb.toLowerCase()}.`);
  const jobs = countIn(run.count, 'job');
  const rate = drawField({ type: 'number', name: 'rate', label: 'Jobs a second', least: 1, most: 1000, value: 50 });
  const fields = { reason: reasonField('Operators read it in the list of actions.'), rate };
  desk.question({
    title: `${verb} ${jobs}?`,
    facts: [`Which: ${run.scope}.`, priceIn(run), about, ...(run.more ? ['There are more; this run leaves them.'] : [])],
    fields: Object.values(fields),
    verb: `${verb} ${jobs}`,
    isFinal: what === 'purge',
    async act() {
      await desk.ask(path, { method: 'POST', body: { runId: run.runId, ...valuesOf(fields) } });
      desk.follow(run);
      return `Started: ${verb.toLowerCase()} ${jobs}.`;
    },
  });
}

function priceIn({ action, price: { usd, known } }: BulkRun): string {
  if (action !== 'retry') return 'It costs nothing.';
  const most = usd > 0 ? costOf(usd, false) : '$0';
  return known ? `Price: ${most} at most, if they begin anew.` : `Price: ${most} at most, and what has no known price.`;
}
